"""The front door: from a folder of case records to a report, by one command."""

__all__: list[str] = []
