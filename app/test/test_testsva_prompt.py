#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""testsva at a terminal: test_testsva_prompt.py BUILD_DIR [unittest options]"""
import os
import re
import signal
import sys
import termios
import unittest

from terminal import Terminal

TESTSVA = ""
CLEAR = "\x01\x0b"  # Ctrl-A, Ctrl-K
PROMPT = r"testsva> (\x1b\[0K)?$"


class Testsva(Terminal):
    def run(self, command):
        self.send(command + "\n")
        return self.expect(PROMPT)


class Prompt(unittest.TestCase):
    def start(self, *options):
        terminal = Testsva([TESTSVA, "-a", "emu:dsa", "--", "-i", *options],
                           env=dict(os.environ, TERM="xterm"))
        self.addCleanup(terminal.close)
        terminal.expect(PROMPT)
        return terminal

    def ends(self, terminal, code):
        status, rest = terminal.end()
        self.assertEqual(status, code, rest)
        return rest

    def test_commands(self):
        t = self.start()
        self.assertIn("PASID 1", t.run("show info emu:dsa"))
        self.assertIn("no command: see help", t.run("bogus"))
        self.assertNotIn("no command", t.run(""))
        t.send("quit\n")
        self.assertIn("emu:dsa: closed", self.ends(t, 1))

    def test_end_of_input(self):
        t = self.start()
        t.run("queue open emu:dsa")
        t.run("start")
        t.send("\x04")
        rest = self.ends(t, 0)
        self.assertRegex(rest, r"forwarding: stopped\nqueue 0: \d+ operations.* 0 wrong\n")
        self.assertIn("emu:dsa: closed", rest)

    def test_interrupt(self):
        for before, shown in (("show de", "show de"), ("start\n", PROMPT)):
            t = self.start()
            t.send(before)
            t.expect(shown)
            t.send("\x03")
            self.assertIn("emu:dsa: closed", self.ends(t, 130))

    def test_interrupt_of_what_waits(self):
        for command, shown in (("sleep 80000", "sleep 80000\n"),
                               ("set ops 1000000000000\nstart\nwait", "wait\n"),
                               ("queue open emu:dsa\nsubmit 0 nop compl=none", "no record of"),
                               ("mem alloc a 8g\nmem compare a:4g a+4g:4g", "a.4g:4g\n")):
            t = self.start()
            t.send(command + "\n")
            t.expect(shown)
            t.send("\x03")
            status, rest = t.end()
            self.assertIn(status, (1, 130), rest)
            self.assertIn("emu:dsa: closed", rest)

    def test_terminal_is_left_as_it_was(self):
        t = self.start()
        # The mode of the pseudo-terminal can be seen from this side as well.
        self.assertFalse(termios.tcgetattr(t.fd)[3] & termios.ECHO)
        # As a shell does that got it back in between.
        os.kill(t.pid, signal.SIGSTOP)
        os.waitpid(t.pid, os.WUNTRACED)
        mode = termios.tcgetattr(t.fd)
        mode[3] |= termios.ECHO | termios.ICANON
        termios.tcsetattr(t.fd, termios.TCSANOW, mode)
        os.kill(t.pid, signal.SIGCONT)
        t.expect(PROMPT)
        self.assertFalse(termios.tcgetattr(t.fd)[3] & termios.ECHO)
        # Held, so that it can be asked when the program is through.
        t.send("quit\n")
        t.expect("closed\n")
        mode = termios.tcgetattr(t.fd)[3]
        self.assertTrue(mode & termios.ECHO)
        self.assertTrue(mode & termios.ICANON)
        self.ends(t, 0)

    def test_completion(self):
        t = self.start()
        t.send("sh\tde\t\n")
        t.expect("open:\n  emu:dsa .*\n(.*\n)*" + PROMPT)
        # Devices, queues, memory, operations, choices and keys.
        t.send("qu\t")
        t.expect("qu")
        t.send("e\to\te\t")
        self.assertIn("ue open emu:dsa", self.line(t, "emu:dsa "))
        t.send("depth=9\n")
        t.expect("queue 0: .*depth 16\n" + PROMPT)
        t.run("mem alloc source 4k")
        t.run("mem alloc target 4k")
        t.send("sub\t0\tcopy src=s\tdst=t\tsize=16\n")
        out = t.expect(r"success(.*\n)*" + PROMPT)
        self.assertIn("submit 0 copy src=source dst=target size=16", self.plain(out))
        t.send("mem protect ta\tn\t\n")
        self.assertIn("mem protect target none", self.plain(t.expect("none .*\n" + PROMPT)))

    @staticmethod
    def plain(text):
        return re.sub(r"\x1b\[\d*K", "", text)

    def line(self, terminal, end):
        return self.plain(terminal.expect(re.escape(end) + r"(\x1b\[0K)?$"))

    def test_lists(self):
        t = self.start()
        t.send("show \t")
        out = t.expect(r" events .*\n.*testsva> show (\x1b\[0K)?$")
        for word in ("devices", "queues", "registers", "fwd", "events"):
            self.assertEqual(len(re.findall(rf"^ {word} ", out, re.M)), 1, out)
        # What goes on in several ways has no one explanation.
        t.send(CLEAR + "s\t")
        out = t.expect(r" stop .*\n.*testsva> s(\x1b\[0K)?$")
        self.assertRegex(out, r"\n show\n(.*\n)* set\n")
        self.assertRegex(out, r"\n sleep +Wait ")
        t.send(CLEAR + "submit 0 cop\t\t")
        self.assertIn("\n copy\n copy-crc32c\n", t.expect(
            r" copy-crc32c\n.*testsva> submit 0 copy(\x1b\[0K)?$"))
        t.send(CLEAR + "mem ?")
        out = t.expect("zeroed unless shared.\n")
        self.assertIn("mem alloc NAME SIZE [node=N huge=yes/no shared=yes/no]\n      Map", out)

    def test_history(self):
        t = self.start()
        t.run("show memory")
        t.run("show queues")
        t.run("show queues")
        t.send("\x10")
        t.expect("show queues")
        t.send("\x10")
        t.expect("show memory")
        t.send("\x0e")
        t.expect("show queues")
        t.send("\x1b[A")
        t.expect("show memory")
        t.send("\n")
        t.expect(PROMPT)

    def test_help(self):
        t = self.start()
        out = t.run("help")
        sections = re.findall(r"^  (\w+)$", out, re.M)
        self.assertEqual(sections, ["control", "devices", "queues", "binding", "memory",
                                    "operations", "registers", "forwarding", "events"])
        everything = t.run("help all")
        commands = 0
        for section in sections:
            out = t.run("help " + section)
            for syntax, text in re.findall(r"^  ([a-z]\S*.*)\n      (.+)$", out, re.M):
                self.assertIn("  " + syntax + "\n      " + text + "\n", everything)
                commands += 1
        self.assertGreater(commands, 45)
        self.assertEqual(len(re.findall(r"^  [a-z]", everything, re.M)), commands)

    def test_events_do_not_spoil_the_line(self):
        t = self.start()
        t.run("queue open emu:dsa")
        t.run("inject emu:dsa halt")
        t.send("show mem")
        t.expect("show mem")
        # Whether it came before or after what was typed, both are there in the end.
        t.send("ory\n")
        t.expect(PROMPT)
        self.assertIn("event: emu:dsa: failed: reset it", t.run("show events"))

    def test_rates_at_the_prompt(self):
        t = self.start("-T", "1")
        t.run("start")
        t.send("show mem")
        out = t.expect(r"queue 0: [0-9.]+ Mops/s, .*\n.*testsva> show mem")
        self.assertIn("show mem", out)
        t.send("ory\n")
        t.expect(PROMPT)
        t.send("quit\n")
        self.ends(t, 0)

    @staticmethod
    def long_line(length):
        """A command that fails: cut anywhere behind "nop" it is one that does not."""
        start, end = "run 0 nop ", " expect=fault"
        return start + " " * (length - len(start) - len(end)) + end

    def test_long_lines(self):
        t = self.start()
        t.run("queue open emu:dsa")
        for length in (126, 127, 128, 400, 511):
            self.assertIn("nop ended with ok, not fault", t.run(self.long_line(length)))
        refused = "testsva: a line of more than 511 characters does not fit the prompt"
        # 513 lacks its last letter, 525 all of expect=fault; it is as long in the history.
        for keys in [self.long_line(length) for length in (512, 513, 525, 600, 5000)] + ["\x10"]:
            out = t.run(keys)
            self.assertIn(refused, out)
            self.assertNotIn("status", out)
        t.run("show fwd")
        t.send("quit\n")
        self.ends(t, 1)

    def test_long_line_is_a_failure(self):
        t = self.start()
        t.run("queue open emu:dsa")
        t.run(self.long_line(600))
        t.send("quit\n")
        self.ends(t, 1)

    def test_hang_up(self):
        t = self.start()
        t.run("start")
        os.kill(t.pid, signal.SIGHUP)
        self.assertIn("emu:dsa: closed", self.ends(t, 130))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_testsva_prompt.py BUILD_DIR [unittest options]")
    TESTSVA = os.path.join(os.path.abspath(sys.argv.pop(1)), "app", "testsva")
    unittest.main(verbosity=2)
