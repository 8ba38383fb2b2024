"""A running station as people and programs see it: views, records, orders, accounts, previews, metrics, OpenADR."""
