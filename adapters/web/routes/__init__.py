"""The API's calls, one file a topic."""
