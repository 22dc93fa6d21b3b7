"""What an evaluation measures, from its tables alone: `summary.summarise` makes summary.json of them.

`cells` reads them as columns, a condition at a time; there is a module a kind of figure; `measure` knows each
by its name, with its interval and its one-sided bound, which the criteria ask for.
"""
