"""Run jobs in order: one task starts a job, and another one waits for its end.

The jobs of one step run in parallel. If one of them fails, the others go on to their end, and the next step is not started. To look
at a run again without starting its job again, clear its task "wait" alone.

The name, the schedule and the jobs are in SETTINGS, which a deploy writes: {"name", "cron" and "timeZone", "maxRetries",
"timeoutSeconds", "steps": a list of steps, each a list of jobs with "job", "url", "body" and "run"}. It runs on Airflow 2.11 and 3.1.
"""

import json
import time

import google.auth
import pendulum
from airflow import DAG
from airflow.exceptions import AirflowFailException, AirflowSensorTimeout
from airflow.timetables.trigger import CronTriggerTimetable
from google.auth.transport.requests import AuthorizedSession
from requests.exceptions import RequestException

try:
    from airflow.sdk import BaseOperator, BaseSensorOperator, TaskGroup
except ImportError:  # Airflow 2
    from airflow.models import BaseOperator
    from airflow.sensors.base import BaseSensorOperator
    from airflow.utils.task_group import TaskGroup

SETTINGS = json.loads(r"""@SETTINGS@""")
# The answers to a start that was refused. After every other error, the job can be running.
REFUSED = (429, 503)
# The answers after which a run is looked at again.
BUSY = (429, 500, 502, 503, 504)
# The seconds in which Google answers.
ANSWER = 60


def api():
    """A session with the token of the environment."""
    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    return AuthorizedSession(credentials)


def at(value, keys):
    """What is at the end of a path of keys, or nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def state_of(run, answer):
    """The state of a run, and why it has it."""
    found = at(answer, run["state"])
    error = at(answer, run.get("error") or ["error"])
    if "condition" not in run:
        return found, error, error
    for one in found or []:
        if one.get("type") == run["condition"]:
            return one.get("state"), error, one.get("message")
    return None, error, error


class StartJob(BaseOperator):
    """Start a job. The result is the address of its run."""

    def __init__(self, *, job, **kwargs):
        super().__init__(retries=0, **kwargs)
        self.job = job

    def execute(self, context):
        for retry in range(SETTINGS["maxRetries"] + 1):
            answer = api().post(self.job["url"], json=self.job["body"], timeout=ANSWER)
            if answer.status_code not in REFUSED or retry == SETTINGS["maxRetries"]:
                break
            time.sleep(min(10 * 2**retry, 300))
        if answer.status_code >= 400:
            raise AirflowFailException(f"The job was not started: {answer.status_code} {answer.text[:1000]}")
        run = self.job["run"]
        name = at(answer.json(), run["name"])
        if not isinstance(name, str):
            raise AirflowFailException(f"The job was started, but its run has no name: {answer.text[:1000]}")
        return run["url"].replace("{run}", name)


class WaitForJob(BaseSensorOperator):
    """Wait for the end of a run, and fail if it has failed. Between two looks it occupies no worker."""

    def __init__(self, *, job, start, **kwargs):
        super().__init__(mode="reschedule", poke_interval=60, timeout=SETTINGS["timeoutSeconds"], retries=3, **kwargs)
        self.job = job
        self.start = start

    def execute(self, context):
        try:
            return super().execute(context)
        except AirflowSensorTimeout as late:
            raise AirflowSensorTimeout("The run takes too long. It has not been stopped.") from late

    def poke(self, context):
        run = self.job["run"]
        address = context["ti"].xcom_pull(task_ids=self.start)
        try:
            answer = api().get(address, timeout=ANSWER)
        except RequestException as error:
            self.log.warning("No answer from %s: %s", address, error)
            return False
        if answer.status_code in BUSY:
            return False
        if answer.status_code >= 400:
            raise AirflowFailException(f"{address} cannot be read: {answer.status_code} {answer.text[:1000]}")
        state, error, reason = state_of(run, answer.json())
        self.log.info("%s: %s", address, state)
        if error is not None or state in run["failed"]:
            raise AirflowFailException(f"The run {address} has failed. {state}: {reason}")
        return state == run["succeeded"]


with DAG(
    dag_id=SETTINGS["name"],
    schedule=CronTriggerTimetable(SETTINGS["cron"], timezone=SETTINGS["timeZone"]) if SETTINGS["cron"] else None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
):
    before = []
    for step in SETTINGS["steps"]:
        ended = []
        for job in step:
            with TaskGroup(job["job"]):
                start = StartJob(task_id="start", job=job)
                wait = WaitForJob(task_id="wait", job=job, start=start.task_id)
            start.set_upstream(before)
            wait.set_upstream(start)
            ended.append(wait)
        before = ended
