# SPDX-License-Identifier: MIT
"""E environments in lockstep over columns: what training and evaluation use.

One call is one phase of all environments: `reset`, then `lead` and `follow` in turn until the observation says `done`.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llmac.bridge.envs.batch import Batch, lay_out
from llmac.bridge.envs.concatenate import concatenate
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.errors import ActionError, OutOfTurnError, RequestRefusedError
from llmac.bridge.launch import Launcher
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.scenario import Scenario
from llmac.bridge.session import Body, Deadlines, Session
from llmac.bridge.step import Step
from llmac.bridge.timing import Timing
from llmac.bridge.wire import requests
from llmac.bridge.wire.column import ContentError, total
from llmac.bridge.wire.limits import PerEnvironment, ascending, check_below
from llmac.bridge.wire.log import WireLog
from llmac.bridge.wire.replies import ObservationReader


class _Turn(Enum):
    """Whose call is next; the value says what to do."""

    RESET = "no episode is under way: call reset"
    LEAD = "it is the leaders' turn: call lead"
    FOLLOW = "it is the followers' turn: call follow"


class ColumnEnv:
    """One environment for each scenario, simulated by one or several cell processes.

    The environments are split over the processes in contiguous blocks, and what the processes observe is concatenated
    in that order: an episode is the same however many processes there are. Close it, or use it in a `with` statement.

    Args:
        scenarios: [E], one for each environment; all with the same TTI length.
        processes: P, cell processes, at most one for each environment.
        ttis: T, length of the episodes; by default that of the scenarios.
        privileged: observe `Privileged` columns, too.
        bound: compute the upper bound on deliveries, in `EpisodeEnd.bound`.
        launcher: starts the processes; by default the local executable.
        address: None for ipc in a private directory, or as in `Listener`.
        deadlines: of the steps.
        keys: folder with Python's CURVE keys.
        log_wire: file for all frames, which `llmac wire` prints; see docs/wire.md.

    Raises:
        ScenarioError: the scenarios cannot run in step.
        CellMissingError: the cell's executable was not found.
        BridgeError: the processes cannot be started or talked to.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        *,
        processes: int = 1,
        ttis: int | None = None,
        privileged: bool = False,
        bound: bool = False,
        launcher: Launcher | None = None,
        address: str | None = None,
        deadlines: Deadlines | None = None,
        keys: Path | None = None,
        log_wire: Path | None = None,
    ) -> None:
        self._ttis = ttis
        self._batch = lay_out(scenarios, processes, ttis, privileged=privileged, bound=bound)
        self._readers = [ObservationReader(block.limits) for block in self._batch.blocks]
        self._turn = _Turn.RESET
        self._leader: LeaderObservation  # the last one
        self._ue_ids: PerEnvironment  # ids given out so far
        self._wire_log = None if log_wire is None else WireLog(log_wire)
        try:
            self._session = Session(
                launcher or LocalLauncher(),
                processes,
                address,
                deadlines,
                keys,
                self._wire_log,
                _environments(self._batch),
            )
        except BaseException:
            if self._wire_log is not None:
                self._wire_log.close()
            raise

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """[E] Those of the episodes under way."""
        return self._batch.scenarios

    @property
    def ns3_version(self) -> str:
        """Of the cells, for instance "3.37"."""
        return self._session.ns3_version

    @property
    def wire_log_stopped(self) -> str | None:
        """Why frames are missing at the end of the log, a clause; None when none is."""
        return self._wire_log.stopped if self._wire_log else None

    def timing(self) -> Timing:
        """Where the time went so far; costs an exchange, and no time of the simulation passes.

        Raises:
            BridgeError: as in `Session.exchange`.
        """
        return self._session.timing()

    def reset(
        self, seeds: ArrayLike, scenarios: Sequence[Scenario] | None = None, *, captures: Path | None = None
    ) -> LeaderObservation:
        """Begin an episode in every environment; those under way are given up, and processes that failed are restarted.

        Args:
            seeds: [E] integers from 0 to 2^64 - 1.
            scenarios: other ones from now on, [E] with E as large as it may be.
            captures: folder that gets a pcap file of each node of these episodes, for scenarios with IP traffic; it has
                to be there, on the machine of the cells. The files are whole after the next reset, or `close`.

        Returns:
            The observation of TTI 0.

        Raises:
            ActionError: wrong number or range of seeds; nothing has changed.
            ScenarioError: the scenarios cannot run in step; nothing has changed.
            BridgeError: as in `Session.exchange`; RequestRefusedError when the cell cannot simulate a scenario.
        """
        batch = self._batch
        if scenarios is not None:
            limits = batch.limits
            batch = lay_out(
                scenarios, self._session.processes, self._ttis, privileged=limits.privileged, bound=limits.bound
            )
        seed = _seeds(seeds, batch)
        if self._session.closed:
            raise OutOfTurnError("the environment is closed; make a new one")
        self._session.environments = _environments(batch)
        self._session.restore()
        self._session.stopwatch.begin()
        replies = self._exchange(
            Step("reset"),
            [block.reset(seed, str(captures.resolve()) if captures else "") for block in batch.blocks],
            "leader_observation",
            self._session.deadlines.reset_s,
        )
        self._batch = batch
        for reader, block in zip(self._readers, batch.blocks, strict=True):
            reader.limits = block.limits
        return self._observe_leaders(Step("reset"), replies, 0)

    def lead(self, action: LeaderAction) -> FollowerObservation:
        """Send the DCMs of all environments: the leader phase.

        Returns:
            The observation of the UEs in the same TTI.

        Raises:
            ActionError: a malformed action; nothing was sent.
            OutOfTurnError: it is not the leaders' turn.
            BridgeError: as in `Session.exchange`; the episode is lost unless a single process refused the request.
        """
        self._check_turn(_Turn.LEAD)
        self._session.stopwatch.begin()
        _check_leader_action(action, self._batch, self._ue_ids)
        tti, parts = self._leader.tti, _divide(action, self._batch)
        payloads = [requests.lead(tti, part.dcm_count, part.dcm_ue, part.dcm_code) for part in parts]
        step = Step("leader phase", tti)
        replies = self._exchange(step, payloads, "follower_observation", self._session.deadlines.phase_s)
        observations: list[FollowerObservation] = []
        for index, reader in enumerate(self._readers):
            try:
                observations.append(reader.follower(replies[index], tti))
            except ContentError as error:
                raise self._session.reject(index, step, str(error)) from error
        self._turn = _Turn.FOLLOW
        together = concatenate(observations)
        self._session.stopwatch.end()
        return together

    def follow(self, action: FollowerAction) -> LeaderObservation:
        """Let all UEs of all environments act: the follower phase and the end of the TTI.

        Returns:
            The observation of the next TTI; the last one of the episode is `done`.

        Raises:
            ActionError: a malformed action; nothing was sent.
            OutOfTurnError: it is not the followers' turn.
            BridgeError: as in `Session.exchange`; the episode is lost unless a single process refused the request.
        """
        self._check_turn(_Turn.FOLLOW)
        self._session.stopwatch.begin()
        _check_follower_action(action, self._leader.ue_count, self._batch)
        tti, begin, payloads = self._leader.tti, 0, list[bytes]()
        for reader in self._readers:
            end = begin + reader.connected
            payloads.append(requests.follow(tti, action.action[begin:end]))
            begin = end
        step = Step("follower phase", tti)
        replies = self._exchange(step, payloads, "leader_observation", self._session.deadlines.phase_s)
        return self._observe_leaders(step, replies, tti + 1)

    def step_tti(
        self, action: LeaderAction, followers: Callable[[FollowerObservation], FollowerAction]
    ) -> LeaderObservation:
        """Play a full TTI: `lead`, then `follow` with what `followers` chooses."""
        return self.follow(followers(self.lead(action)))

    def close(self) -> None:
        """End the processes; may be called again."""
        self._turn = _Turn.RESET
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_turn(self, turn: _Turn) -> None:
        if self._turn is not turn:
            raise OutOfTurnError(self._turn.value)

    def _exchange(self, step: Step, payloads: Sequence[bytes], expected: Body, deadline_s: float) -> list[bytes]:
        turn, self._turn = self._turn, _Turn.RESET  # whatever goes wrong, the episode does not go on silently
        try:
            return self._session.exchange(step, payloads, expected, deadline_s)
        except RequestRefusedError:
            if len(payloads) == 1:  # nobody else went on
                self._turn = turn
            raise

    def _observe_leaders(self, step: Step, replies: Sequence[bytes], tti: int) -> LeaderObservation:
        leaders: list[LeaderObservation] = []
        for index, reader in enumerate(self._readers):
            try:
                leaders.append(reader.leader(replies[index], tti))
            except ContentError as error:
                raise self._session.reject(index, step, str(error)) from error
        observation = concatenate(leaders)
        if tti == 0:
            self._ue_ids = _ids_given_out(observation, None)
        elif not _same_members(observation, self._leader):
            self._ue_ids = _ids_given_out(observation, self._ue_ids)
        self._leader = observation
        self._turn = _Turn.RESET if observation.done else _Turn.LEAD
        self._session.stopwatch.end()
        return observation


def _environments(batch: Batch) -> list[range]:
    return [range(block.environments.start, block.environments.stop) for block in batch.blocks]


def _seeds(seeds: ArrayLike, batch: Batch) -> NDArray[np.uint64]:
    e = batch.limits.environments
    values = np.asarray(seeds, dtype=object)  # integers of any size stay what they are
    if values.shape != (e,) or not all(isinstance(seed, (int, np.integer)) and 0 <= seed < 2**64 for seed in values):
        raise ActionError(f"seeds have to be {e} integers from 0 to 2^64 - 1, one for each environment")
    return values.astype(np.uint64)


def _same_members(one: LeaderObservation, other: LeaderObservation) -> bool:
    """Whether the same UEs are connected; a single process's reader then gives the same arrays."""
    return one.ue_id is other.ue_id or (
        np.array_equal(one.ue_count, other.ue_count) and np.array_equal(one.ue_id, other.ue_id)
    )


def _ids_given_out(leader: LeaderObservation, before: PerEnvironment | None) -> PerEnvironment:
    """Ids of UEs are less than this; `before` is what held before `leader` was observed. No UE joins unobserved."""
    occupied = leader.ue_count > 0
    last = leader.ue_id[leader.ue_count.cumsum()[occupied] - 1].astype(np.int64)
    ids = np.zeros(leader.ue_count.size, dtype=np.int64) if before is None else before.each.copy()
    ids[occupied] = np.maximum(ids[occupied], last + 1)
    return PerEnvironment(ids)


def _divide(action: LeaderAction, batch: Batch) -> list[LeaderAction]:
    """The part of each process."""
    if len(batch.blocks) == 1:
        return [action]
    ends, parts = [0, *accumulate(action.dcm_count.tolist())], list[LeaderAction]()
    for block in batch.blocks:
        cells = block.environments
        dcms = slice(ends[cells.start], ends[cells.stop])
        parts.append(LeaderAction(action.dcm_count[cells], action.dcm_ue[dcms], action.dcm_code[dcms]))
    return parts


def _check_leader_action(action: LeaderAction, batch: Batch, ue_ids: PerEnvironment) -> None:
    count, ue, code, limits = action.dcm_count, action.dcm_ue, action.dcm_code, batch.limits
    _check_column("dcm_count", count, limits.environments)
    dcms = total(count)
    _check_column("dcm_ue", ue, dcms)
    _check_column("dcm_code", code, dcms)
    try:
        check_below(ue, ue_ids, count, "dcm_ue")
        check_below(code, limits.dcms, count, "dcm_code")
    except ContentError as error:
        raise ActionError(str(error)) from error
    if not ascending(ue, count):
        raise ActionError("dcm_ue has to ascend within each environment, with one DCM for a UE at most")


def _check_follower_action(action: FollowerAction, ue_count: NDArray[np.uint32], batch: Batch) -> None:
    _check_column("action", action.action, total(ue_count))
    try:
        check_below(action.action, batch.limits.ue_actions, ue_count, "action")
    except ContentError as error:
        raise ActionError(str(error)) from error


def _check_column(name: str, values: NDArray[np.integer], length: int) -> None:
    if values.ndim != 1 or len(values) != length:
        raise ActionError(f"{name} has shape {values.shape} and has to have {(length,)}")
    if values.dtype.kind == "u":
        return
    if values.dtype.kind != "i" or (length and values.min() < 0):
        raise ActionError(f"{name} has to hold integers that are not negative")
