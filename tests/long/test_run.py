"""Two runs of `unbet run`, one after the other."""

import os
import signal
from contextlib import closing

from tests.servers import services
from tests.system.running import Running, left_of, unbet


def test_what_a_run_and_its_reaper_have_left_is_named_and_ended_by_the_next() -> None:
    with closing(Running()) as run:
        run.ready()
        family = run.family()
        worker, receiver = run.pid_of("worker.app"), run.pid_of("api")
        os.kill(run.pid_of("unbet.local.reaper"), signal.SIGKILL)
        run.process.kill()
        run.process.wait()
        # Of a worker without its main process the children are left.
        os.kill(worker, signal.SIGKILL)

        following = unbet("run", "--no-stay", "--dir", run.directory)

        assert following.returncode == 0, following.stderr
        assert f"(pid {run.process.pid}, since 20" in following.stdout
        assert f"web (pid {receiver})" in following.stdout, following.stdout
        assert left_of(family) == []


def test_servers_that_ran_before_it_run_after_it() -> None:
    with closing(Running("--no-stay")) as run:
        assert run.process.wait(120) == 0, run.said
        assert services.running(run.directory) == {}
        services.start(run.directory)
        before = services.running(run.directory)

        again = unbet("run", "--no-stay", "--dir", run.directory)

        assert again.returncode == 0, again.stderr
        assert services.running(run.directory) == before
