"""OpenADR 3.1: the station as a VEN of any VTN, and as a VTN that grid operators publish to."""
