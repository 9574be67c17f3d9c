"""Many environments in one process: workers are forks of it, and processes of their own in all that matters."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, with_remote

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker is a new Python")

_COUNTING = """\
import os, sys
parent, listed, quiet = os.getpid(), open(sys.argv.pop(1), "a"), []
def seen(event, about):
    if event == "import" and os.getpid() != parent:
        tell(f"import {about[0]}")
    elif event == "subprocess.Popen" and "python" in os.path.basename(os.fsdecode(about[0])):
        tell("python")
    elif event == "os.fork" and os.getpid() == parent:
        tell("fork")
def tell(line):
    listed.write(line + "\\n")
    listed.flush()
sys.addaudithook(seen)
from tfops.cli import main
main()
"""


def test_a_turn_starts_one_python_and_its_workers_import_nothing(tmp_path: Path, engine: str) -> None:
    envs = ("blue", "green")
    rules = "version: 1\nproject: shop\nenvironments:\n" + "".join(f"  {env}: {{branch: main}}\n" for env in envs)
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    for env in envs:
        shop.write(f"environments/{env}.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
    shop.commit("Start")
    with_remote(shop, tmp_path / "remote.git")
    shop.ok("reconcile")
    shop.write("modules/thing/more.tf", 'resource "terraform_data" "more" {}\n')
    shop.commit("more")
    shop.git("push", "--quiet")
    listed = tmp_path / "listed"
    argv = [sys.executable, "-c", _COUNTING, str(listed), "reconcile", "--parallel", "2", "-o", "json"]
    done = subprocess.run(argv, cwd=shop.path, env=shop.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [act["code"] for act in json.loads(done.stdout)["result"]["acts"]] == [0, 0]
    lines = listed.read_text().split("\n")
    assert (lines.count("fork"), lines.count("python")) == (2, 0)
    assert not [line for line in lines if line.startswith("import ")], lines


def test_a_worker_that_dies_is_told(shop: Sandbox, tmp_path: Path) -> None:
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    died = shop.run("reconcile", "-o", "json", env={"TFOPS_FAILPOINT": "engine-started:SIGKILL"})
    [act] = died.result["acts"]
    assert (act["code"], act["detail"], act["text"]) == (-9, "no-answer", "ended without an answer")
    [act] = shop.ok("reconcile", "-o", "json").result["acts"]
    assert (act["code"], act["text"]) == (0, "is now v1"), "the next one finds out how far it got"


_SCRIPT = textwrap.dedent(
    """\
    import os, random, signal, sys, tempfile, threading, time
    from pathlib import Path
    from filelock import FileLock, Timeout
    from tfops.system import children, environ, signals, workers
    from tfops.system.pool import Pool
    from tfops.system.repository import Repository

    top = Path(sys.argv[1])
    (top / "work").mkdir()

    def start(name, work):
        return children.start(work, folder=top / "work", files=top, name=name, env={"SAID": name})

    def ended(name, work):
        child = start(name, work)
        return *child.answer(), child.stderr.read_text()

    signals.terminate_as_interrupt()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    print("not written yet", end="")
    here = Repository(top).objects
    here.read(Repository(top).head)

    def itself():
        assert os.getsid(0) == os.getpid() != parent
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
        assert (sys.stdin.read(), Path.cwd(), environ.variable("SAID")) == ("", top / "work", "itself")
        here.read(Repository(top).head)
        print("said", random.random())
        os.write(2, b"complained")
        return 7

    parent, random_here = os.getpid(), random.random()
    code, said, complained = ended("itself", itself)
    assert (code, said[:5], complained) == (7, "said ", "complained"), (code, said, complained)
    assert (top / "itself.out").stat().st_mode & 0o777 == 0o600
    assert ended("itself", itself)[1] != said, "the same random numbers in each"
    assert (Path.cwd() != top / "work", environ.variable("SAID")) == (True, "")
    here.read(Repository(top).head)

    code, said, complained = ended("bug", lambda: 1 // 0)
    assert (code, said, "ZeroDivisionError" in complained) == (1, "", True)
    assert ended("left", lambda: sys.exit(3))[0] == 1, "only what it returns counts"
    assert ended("killed", lambda: os.kill(os.getpid(), 9))[0] == -9

    def sleep():
        print("begun", flush=True)
        time.sleep(60)

    with FileLock(top / "lock") as lock:
        sleeper = start("sleeper", sleep)
        while not sleeper.stdout.read_text():
            time.sleep(0.01)
        held = {os.readlink(link) for link in Path(f"/proc/{sleeper.process.pid}/fd").iterdir()}
        assert not any(name.endswith("lock") for name in held), held
    sleeper.stop()
    assert sleeper.answer()[0] == 130
    sleeper.stop()

    def interrupt_when_both_run(name):
        if name == "b":
            while not (top / "a.out").read_text():
                time.sleep(0.01)
            os.kill(parent, signal.SIGINT)
        sleep()

    pool = Pool(2)
    try:
        for seen in pool.each("abc", lambda name: start(name, lambda: interrupt_when_both_run(name)), name=str):
            raise AssertionError(seen)
    except KeyboardInterrupt:
        children = list(pool.running.values())
        pool.hand_over()
        assert {child.answer()[0] for child in children} == {130}, children
    assert not (top / "c.out").exists(), "nothing new begins"
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    else:
        raise AssertionError("one was left alone")

    threading.Thread(target=time.sleep, args=(1,)).start()
    assert not workers.can_fork()
    """
)


def test_a_worker_is_a_process_of_its_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=ann", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "one"], check=True)
    argv = [sys.executable, "-c", _SCRIPT, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "not written yet"
