"""Runs the Python block of docs/c-api.md with the library that was built. Run as: python_example.py PAGE LIBRARY"""
import re
import sys

page = open(sys.argv.pop(1), encoding="utf-8").read()
(block,) = re.findall(r"```python\n(.*?)```", page, re.S)
exec(compile(block, "docs/c-api.md", "exec"))
