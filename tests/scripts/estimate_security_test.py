"""scripts/estimate-security with a stand-in for sage and the estimator: what it asks, what it makes of the answers.

The stand-in costs each attack 2^(300 - log q / 100), so that results depend on the set.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "estimate-security"
SAGE = f"""#!/bin/sh
if [ "$1" = --version ]; then echo "SageMath version 9.5"; exit; fi
shift  # -python
exec {sys.executable} "$@"
"""
ESTIMATOR = """
from math import inf
class ND:
    Uniform = staticmethod(lambda low, high: ("uniform", low, high))
    DiscreteGaussian = staticmethod(lambda sigma: sigma)
    SparseTernary = staticmethod(lambda p, m, n: ("sparse", p, m, n))
class RC: MATZOV = "matzov"
class LWE:
    @staticmethod
    def Parameters(n, q, Xs, Xe, m):
        assert m == inf and Xe == 3.19
        return n, q.bit_length() - 1, Xs
    @staticmethod
    def cost(params, scale):
        return {"rop": 2.0 ** (scale * (300 - params[1] / 100.0))}
    primal_usvp = staticmethod(lambda p, red_cost_model: LWE.cost(p, 1))
    primal_bdd = staticmethod(lambda p, red_cost_model: LWE.cost(p, 0.5))
    dual_hybrid = staticmethod(lambda p, **_: LWE.cost(p, 2) if p[2][0] == "uniform" else {"rop": inf})
    primal_hybrid = staticmethod(lambda p, mitm, babai: LWE.cost(p, (0.7 if mitm else 0.8) * p[2][1] / 16))
"""


class EstimateSecurity(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for path, text in (("bin/sage", SAGE), ("clone/estimator/__init__.py", ESTIMATOR),
                           ("clone/sage/__init__.py", ""), ("clone/sage/all.py", "from math import log, inf as oo\nZZ = int\n")):
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)
        (self.folder / "bin/sage").chmod(0o755)

    def run_script(self, sets, *options, **environment):
        variables = {"PATH": f"{self.folder}/bin{os.pathsep}{os.environ['PATH']}",
                     "LATTICE_ESTIMATOR": str(self.folder / "clone"), **environment}
        return subprocess.run([sys.executable, SCRIPT, *options], input=json.dumps(sets), env=variables, text=True,
                              capture_output=True, check=False)

    def test_costs_of_all_attacks_are_recorded_with_versions(self):
        record_path = self.folder / "record.json"
        done = self.run_script([{"name": "a", "log_n": 13, "log_qp": 199.2, "slots": 4096},
                                {"name": "b", "log_n": 16, "log_qp": 200, "secret": "ternary"},
                                {"name": "c", "log_n": 15, "log_qp": 100, "secret": "sparse-32"}], "--json", record_path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        record = json.loads(record_path.read_text())
        self.assertEqual(record["sage"], "SageMath version 9.5")
        a, b, c = record["results"]
        self.assertEqual(a["bits"], {"usvp": 298.0, "bdd": 149.0, "dual_hybrid": 596.0})
        self.assertEqual((a["log_q"], a["least"]), (200, 149.0))
        self.assertEqual(set(b["bits"]), {"usvp", "bdd"})
        self.assertEqual(c["bits"], {"primal_hybrid_mitm": 209.3, "primal_hybrid": 239.2, "dual_hybrid": None})
        self.assertIn("149.0", done.stdout)
        self.assertIn("SageMath version 9.5", done.stdout)

    def test_weak_sets_fail_unless_they_say_so(self):
        weak = {"name": "weak", "log_n": 13, "log_qp": 5000}
        done = self.run_script([weak])
        self.assertEqual(done.returncode, 1)
        self.assertIn("below 128 bits: weak", done.stderr)
        self.assertEqual(self.run_script([{**weak, "name": "insecure_weak"}]).returncode, 0)

    def test_what_is_missing_is_named(self):
        sets = [{"name": "a", "log_n": 13, "log_qp": 200}]
        done = self.run_script(sets, PATH=str(self.folder), LATTICE_ESTIMATOR=str(self.folder))
        self.assertEqual(done.returncode, 2)
        self.assertIn("`sage` is not on PATH (Debian: sagemath)", done.stderr)
        self.assertIn("holds no folder estimator/", done.stderr)

    def test_sets_that_make_no_sense_are_refused(self):
        for bad in ({}, [], [{"name": "a", "log_n": 13}], [{"name": "a", "log_n": 13, "log_qp": 9, "secret": "sparse"}]):
            done = self.run_script(bad)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)


if __name__ == "__main__":
    unittest.main()
