# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Runs tests of Python's unittest with TAP as output, as the other programs of suites have."""

import sys
import unittest


class Tap(unittest.TestResult):
    """Prints the outcome of each test as the other programs of the suites do."""

    def report(self, outcome, test, why=''):
        for line in why.rstrip().split('\n') if why else []:
            print(f'# {line}')
        print(f'{outcome} {self.testsRun} {test.id().split(".", maxsplit=1)[1]}', flush=True)

    def addSuccess(self, test):
        self.report('ok', test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report('not ok', test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.report('not ok', test, self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f'ok {self.testsRun} {test.id().split(".", maxsplit=1)[1]} # SKIP {reason}',
              flush=True)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(subtest, err)


def main(module, default):
    """Runs the classes and tests named on the command line, else the default ones."""
    tests = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:] or default,
                                                          sys.modules[module])
    print(f'TAP version 13\n1..{tests.countTestCases()}', flush=True)
    result = Tap()
    tests.run(result)
    return 0 if result.wasSuccessful() else 1
