# SPDX-License-Identifier: MIT
"""A scenario as the message that the cell gets."""

from llmac.bridge.scenario.sections import (
    Application,
    Bernoulli,
    FixedTbler,
    IdealCollision,
    Ip,
    Model,
    MutualInformation,
    OnOff,
    Opaque,
    Periodic,
    Poisson,
    Scenario,
    Semantic,
    SinrThreshold,
    Trace,
)
from llmac.v1 import scenario_pb2


def to_proto(scenario: Scenario, ttis: int) -> scenario_pb2.Scenario:
    """The message that the cell gets, for an episode of `ttis` TTIs."""
    s = scenario
    message = scenario_pb2.Scenario(
        name=s.name,
        ttis=ttis,
        ues=s.ues,
        rbgs=s.rbgs,
        buffer_capacity=s.buffer_capacity_dpdus,
        ack_deletes=s.ack_deletes,
        vocabulary=_vocabulary(s.vocabulary),
        traffic=_traffic(s.traffic),
        churn=[scenario_pb2.ChurnEvent(tti=e.tti, join=e.join, leave=e.leave) for e in s.churn],
        control=scenario_pb2.Control(**s.control.model_dump(exclude_none=True)),
        radio=scenario_pb2.Radio(
            **s.radio.model_dump(exclude={"capture", "bs_antenna", "ue_antenna"}, exclude_none=True),
            capture=f"CAPTURE_{s.radio.capture.upper()}",
            bs_antenna=_model(s.radio.bs_antenna),
            ue_antenna=_model(s.radio.ue_antenna),
        ),
        placement=scenario_pb2.Placement(
            **s.placement.model_dump(exclude={"positions_m", "mobility"}),
            positions=[scenario_pb2.Position(x_m=x, y_m=y, z_m=z) for x, y, z in s.placement.positions_m],
            mobility=_model(s.placement.mobility),
        ),
        channel=[scenario_pb2.ModelSpec(type_id=m.type, attributes=m.attributes) for m in s.channel],
        error_model=_error_model(s.error_model),
        utility=scenario_pb2.Utility(**s.utility.model_dump(exclude_none=True)),
        decision_delay=scenario_pb2.DecisionDelay(probability=s.decision_delay),
    )
    if s.poisson_churn is not None:
        message.poisson_churn.MergeFrom(
            scenario_pb2.PoissonChurn(**s.poisson_churn.model_dump(), max_joins=s.max_poisson_joins)
        )
    return message


def _model(model: Model | None) -> scenario_pb2.ModelSpec | None:
    return None if model is None else scenario_pb2.ModelSpec(type_id=model.type, attributes=model.attributes)


def _vocabulary(vocabulary: Semantic | Opaque) -> scenario_pb2.Vocabulary:
    match vocabulary:
        case Semantic(bsr_levels=levels):
            return scenario_pb2.Vocabulary(semantic=scenario_pb2.Vocabulary.Semantic(bsr_levels=levels))
        case Opaque(symbols=symbols):
            return scenario_pb2.Vocabulary(opaque=scenario_pb2.Vocabulary.Opaque(symbols=symbols))


def _traffic(traffic: Bernoulli | Poisson | Periodic | OnOff | Trace | Ip) -> scenario_pb2.Traffic:
    message = scenario_pb2.Traffic(weights=getattr(traffic, "weights", ()))
    match traffic:
        case Bernoulli(load=load):
            message.bernoulli.probability = load
        case Poisson(load=load):
            message.poisson.mean = load
        case Periodic(period_ttis=period, jitter_ttis=jitter):
            message.periodic.period_ttis = period
            message.periodic.jitter_ttis = jitter
        case OnOff(mean_on_ttis=on, mean_off_ttis=off, load=load):
            message.on_off.mean_on_ttis = on
            message.on_off.mean_off_ttis = off
            message.on_off.probability = load
        case Trace(arrivals=arrivals):
            for tti, ue, dpdus in arrivals:
                message.trace.tti.append(tti)
                message.trace.ue.append(ue)
                message.trace.dpdus.append(dpdus)
        case Ip(applications=applications, downlink_delay_ttis=delay):
            message.ip.downlink_delay_ttis = delay
            message.ip.applications.extend(_application(application) for application in applications)
    return message


def _application(application: Application) -> scenario_pb2.Application:
    a = application
    return scenario_pb2.Application(
        model=scenario_pb2.ModelSpec(type_id=a.type, attributes=a.attributes),
        ues=a.ues,
        direction=f"DIRECTION_{a.direction.upper()}",
        start_tti=a.start_tti,
        stop_tti=a.stop_tti,
        jitter_ttis=a.jitter_ttis,
    )


def _error_model(
    model: IdealCollision | FixedTbler | SinrThreshold | MutualInformation,
) -> scenario_pb2.ErrorModel:
    message = scenario_pb2.ErrorModel()
    match model:
        case IdealCollision():
            message.ideal_collision.SetInParent()
        case FixedTbler(tbler=tbler):
            message.fixed_tbler.tbler = tbler
        case SinrThreshold(threshold_db=threshold_db):
            message.sinr_threshold.threshold_db = threshold_db
        case MutualInformation():
            message.mutual_information.SetInParent()
    return message
