"""Clips x models x attacks x budgets x faults x seeds into one run folder that is evidence.

`suite` says what is asked, `plan` cuts it into shards, `worker` does one, `conductor` has all of them done by
an engine, `closing` turns shards into tables. `opened` reads such a run back, `figures` measures it.
"""
