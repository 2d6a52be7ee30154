"""Run a DAG as Airflow does, as far as the DAG uses it. The clock does not wait, and the APIs of Google are on a port of this machine.

Each line of its input is a run, as JSON: {"dag", "api", "drops", "loses"}: the text of the DAG, the address of the APIs, how many looks
get no answer at first, and how many starts arrive but get none. It answers each with a line: {"dag", "states", "failed", "seconds"}: the settings of the DAG, and how each of its
tasks has ended; or {"error"}.
"""

import json
import logging
import sys
import time
import traceback
import types
import urllib.error
import urllib.request

dumps = json.dumps
logging.disable()

def run(told):
    now = 0.0
    drops, loses = told["drops"], told["loses"]

    def module(name, **members):
        made = sys.modules[name] = types.ModuleType(name)
        vars(made).update(members)

    def sleep(seconds):
        nonlocal now
        now += seconds

    class AirflowFailException(Exception):
        pass

    class AirflowSensorTimeout(AirflowFailException):
        pass

    class Reschedule(Exception):
        pass

    class RequestException(Exception):
        pass

    class DAG:
        made = None

        def __init__(self, **settings):
            self.settings = settings
            self.tasks = {}

        def __enter__(self):
            DAG.made = self
            return self

        def __exit__(self, *_):
            pass

    class TaskGroup:
        open = []

        def __init__(self, group_id):
            self.group_id = group_id

        def __enter__(self):
            TaskGroup.open.append(self.group_id)
            return self

        def __exit__(self, *_):
            TaskGroup.open.pop()

    class BaseOperator:
        log = logging.getLogger("task")

        def __init__(self, *, task_id, retries=0):
            self.task_id = ".".join([*TaskGroup.open, task_id])
            self.retries = retries
            self.upstream = []
            assert self.task_id not in DAG.made.tasks, self.task_id
            DAG.made.tasks[self.task_id] = self

        def set_upstream(self, tasks):
            self.upstream += tasks if isinstance(tasks, list) else [tasks]

    class BaseSensorOperator(BaseOperator):
        def __init__(self, *, mode, poke_interval, timeout, **kwargs):
            super().__init__(**kwargs)
            assert mode == "reschedule"
            self.poke_interval, self.timeout, self.since = poke_interval, timeout, None

        def execute(self, context):
            self.since = now if self.since is None else self.since
            if self.poke(context):
                return
            if now - self.since > self.timeout:
                raise AirflowSensorTimeout("Sensor has timed out")
            raise Reschedule()

    class Answer:
        def __init__(self, status_code, text):
            self.status_code, self.text = status_code, text

        def json(self):
            return json.loads(self.text)

    class AuthorizedSession:
        def __init__(self, credentials):
            self.token = credentials

        def request(self, method, url, body, timeout):
            nonlocal drops, loses
            assert url.startswith("https://") and timeout == 60, (url, timeout)
            if method == "GET" and drops > 0:
                drops -= 1
                raise RequestException("Connection reset by peer")
            headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
            asked = urllib.request.Request(told["api"] + url[len("https:/") :], body, headers, method=method)
            try:
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    if method == "POST" and loses > 0:
                        loses -= 1
                        raise RequestException("Read timed out")
                    return Answer(answer.status, answer.read().decode())
            except urllib.error.HTTPError as error:
                return Answer(error.code, error.read().decode())

        def post(self, url, *, json, timeout):
            return self.request("POST", url, dumps(json).encode(), timeout)

        def get(self, url, *, timeout):
            return self.request("GET", url, None, timeout)

    class Context:
        results = {}

        def xcom_pull(self, *, task_ids):
            return self.results[task_ids]

    time.sleep = sleep
    module("airflow", DAG=DAG)
    module("airflow.exceptions", AirflowFailException=AirflowFailException, AirflowSensorTimeout=AirflowSensorTimeout)
    module("airflow.models", BaseOperator=BaseOperator)
    module("airflow.sensors")
    module("airflow.sensors.base", BaseSensorOperator=BaseSensorOperator)
    module("airflow.timetables")
    module("airflow.timetables.trigger", CronTriggerTimetable=lambda cron, timezone: [cron, timezone])
    module("airflow.utils")
    module("airflow.utils.task_group", TaskGroup=TaskGroup)
    module("google")
    module("google.auth", default=lambda scopes: ("token", "acme-data"))
    sys.modules["google"].auth = sys.modules["google.auth"]
    module("google.auth.transport")
    module("google.auth.transport.requests", AuthorizedSession=AuthorizedSession)
    module("pendulum", datetime=lambda *day, tz: [*day, tz])
    module("requests")
    module("requests.exceptions", RequestException=RequestException)

    exec(compile(told["dag"], "dag.py", "exec"), {"__name__": "dag"})

    tasks = DAG.made.tasks
    states, failed, due, tries = {}, {}, {}, {}
    while len(states) < len(tasks):
        waiting = []
        for name, task in tasks.items():
            before = [states.get(one.task_id) for one in task.upstream]
            if name in states or None in before:
                continue
            if any(state != "success" for state in before):
                states[name] = "upstream_failed"
                continue
            if due.get(name, 0) > now:
                waiting.append(due[name])
                continue
            try:
                Context.results[name] = task.execute({"ti": Context()})
                states[name] = "success"
            except Reschedule:
                due[name] = now + task.poke_interval
                waiting.append(due[name])
            except Exception as error:
                tries[name] = tries.get(name, 0) + 1
                if isinstance(error, AirflowFailException) or tries[name] > task.retries:
                    states[name], failed[name] = "failed", str(error)
                else:
                    due[name] = now + 300
                    waiting.append(due[name])
        if waiting and len(states) < len(tasks):
            now = max(now, min(waiting))

    return {"dag": DAG.made.settings, "states": states, "failed": failed, "seconds": now}


for line in sys.stdin:
    try:
        answer = run(json.loads(line))
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(dumps(answer), flush=True)
