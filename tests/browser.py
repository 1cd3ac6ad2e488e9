#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""browser.py ADDRESS ELEMENT TEXT... - opens a page in chromium and waits until it is there with all
its frames and the element of that id says each TEXT in turn; prints each as it is seen.  Whatever the
page says on its console goes to standard error, behind "CONSOLE".  Exit 1: a text was not seen for
five minutes, or the console said something.

`chromium --dump-dom` prints a page as soon as it is loaded, so what happens later is never in it:
here the browser is asked, by the DevTools protocol over a pipe (JSON, a NUL behind each message).
"""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 300


class Browser:
    def __init__(self, profile):
        to_browser, self.into = os.pipe()
        self.out, from_browser = os.pipe()

        def arrange():  # the browser reads 3 and writes 4
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--user-data-dir=" + profile, "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=arrange, close_fds=False)
        os.close(to_browser)
        os.close(from_browser)
        self.session, self.number, self.rest, self.said = None, 0, b"", 0

    def read(self, end):
        """The next message, None when the time is over or the browser is gone."""
        while b"\0" not in self.rest:
            if not select.select([self.out], [], [], max(0, end - time.monotonic()))[0]:
                return None
            part = os.read(self.out, 1 << 16)
            if not part:
                return None
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def note(self, message):
        if message.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                                     "Log.entryAdded"):
            self.said += 1
            print("CONSOLE", json.dumps(message["params"]), file=sys.stderr)

    def ask(self, method, **params):
        self.number += 1
        question = {"id": self.number, "method": method, "params": params}
        if self.session:
            question["sessionId"] = self.session
        os.write(self.into, json.dumps(question).encode() + b"\0")
        end = time.monotonic() + PATIENCE_S
        while True:
            message = self.read(end)
            if message is None:
                sys.exit("browser.py: the browser does not answer to " + method)
            if message.get("id") == self.number:
                return message.get("result", {})
            self.note(message)

    def open(self, address):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Runtime.enable")
        self.ask("Log.enable")
        self.ask("Page.navigate", url=address)

    def text(self, element):
        look = ("document.readyState === 'complete' && document.getElementById(%s)?.textContent || ''"
                % json.dumps(element))
        return self.ask("Runtime.evaluate", expression=look).get("result", {}).get("value", "")

    def wait_for(self, element, text):
        end, seen = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < end:
            seen = self.text(element)
            if text in seen:
                return True
            time.sleep(0.2)
        print("browser.py: '%s' was not seen, but '%s'" % (text, seen), file=sys.stderr)
        return False


def main():
    address, element, texts = sys.argv[1], sys.argv[2], sys.argv[3:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without the browser
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            browser.open(address)
            for text in texts:
                if not browser.wait_for(element, text):
                    return 1
                print(text, flush=True)
        finally:
            browser.process.kill()
            browser.process.wait()
    return 1 if browser.said else 0


sys.exit(main())
