"""What the string in a DAG is for Python. Each line of the input is a list of DAGs, and is answered by what each of them is told."""

import ast
import json
import sys


def told(dag):
    [call] = [one.value for one in ast.parse(dag).body if isinstance(one, ast.Assign) and one.targets[0].id == "SETTINGS"]
    assert ast.unparse(call.func) == "json.loads" and len(call.args) == 1, ast.unparse(call)
    return json.loads(ast.literal_eval(call.args[0]))


for line in sys.stdin:
    print(json.dumps({"told": [told(dag) for dag in json.loads(line)]}), flush=True)
