"""A seeded generator of tables, rows, statements and faults, and what runs, judges and shrinks what it made.

plan.py makes a list of steps from a seed; runner.py does them on a lab; duties.py does what an operator has to do;
verdict.py says whether the regions differ behind an open gate; shrink.py looks for a shorter list that fails alike.
"""
