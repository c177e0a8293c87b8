"""How do trackers, tables, long tables and yearly returns become one set of cases and events?"""
