// SPDX-License-Identifier: GPL-2.0-only
#include "traffic-reader.h"

#include "field-check.h"
#include "ip-reader.h"

#include <ns3/double.h>
#include <ns3/ofdma-on-off-traffic.h>
#include <ns3/ofdma-periodic-traffic.h>
#include <ns3/ofdma-poisson-traffic.h>
#include <ns3/ofdma-trace-traffic.h>
#include <ns3/pointer.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <map>

namespace llmac
{

namespace
{

constexpr uint32_t GREATEST_ARRIVALS = 1000; //!< mean or number, per UE and TTI

/// \return a table of arrivals
ns3::Ptr<ns3::OfdmaArrivalTable>
ReadArrivals(const v1::Traffic::Trace& message)
{
    if (message.ue_size() != message.tti_size() || message.dpdus_size() != message.tti_size())
    {
        Refuse("traffic.arrivals has as many TTIs as UEs and numbers of dPDUs");
    }
    auto table = ns3::CreateObject<ns3::OfdmaArrivalTable>();
    std::map<uint32_t, uint64_t> together; // by UE, in one TTI
    for (int i = 0; i < message.tti_size(); ++i)
    {
        if (i > 0 && message.tti(i) != message.tti(i - 1))
        {
            together.clear();
            if (message.tti(i) < message.tti(i - 1))
            {
                Refuse("traffic.arrivals come in order of TTI");
            }
        }
        uint64_t& dpdus = together[message.ue(i)];
        dpdus = InRange("traffic.arrivals: the number of dPDUs of a UE and TTI",
                        dpdus + message.dpdus(i),
                        uint64_t(0),
                        uint64_t(GREATEST_ARRIVALS));
        table->Add(message.ue(i), {message.tti(i), message.dpdus(i)});
    }
    return table;
}

} // namespace

void
ReadTraffic(const v1::Traffic& message, ns3::OfdmaScenario& scenario)
{
    using namespace ns3;
    double greatest = message.weights_size() > 0 ? 0 : 1;
    for (double weight : message.weights())
    {
        greatest = std::max(greatest, InRange("traffic.weights", weight, 0.0, 1000.0));
    }
    scenario.trafficWeights.assign(message.weights().begin(), message.weights().end());
    const auto load = [greatest](double value, double limit) {
        InRange("traffic.load", value, 0.0, limit);
        InRange("traffic.load times the greatest of traffic.weights", value * greatest, 0.0, limit);
        return DoubleValue(value);
    };
    switch (message.model_case())
    {
    case v1::Traffic::kBernoulli:
        scenario.traffic =
            MakeOfdmaTraffic<OfdmaBernoulliTraffic>("Probability",
                                                    load(message.bernoulli().probability(), 1));
        return;
    case v1::Traffic::kPoisson:
        scenario.traffic = MakeOfdmaTraffic<OfdmaPoissonTraffic>(
            "Mean",
            load(message.poisson().mean(), GREATEST_ARRIVALS));
        return;
    case v1::Traffic::kPeriodic:
        scenario.traffic = MakeOfdmaTraffic<OfdmaPeriodicTraffic>(
            "Period",
            UintegerValue(
                InRange("traffic.period_ttis", message.periodic().period_ttis(), 1U, 1000000U)),
            "Jitter",
            UintegerValue(
                InRange("traffic.jitter_ttis", message.periodic().jitter_ttis(), 0U, 1000000U)));
        return;
    case v1::Traffic::kOnOff:
        scenario.traffic = MakeOfdmaTraffic<OfdmaOnOffTraffic>(
            "MeanOn",
            DoubleValue(InRange("traffic.mean_on_ttis", message.on_off().mean_on_ttis(), 1.0, 1e6)),
            "MeanOff",
            DoubleValue(
                InRange("traffic.mean_off_ttis", message.on_off().mean_off_ttis(), 1.0, 1e6)),
            "Probability",
            load(message.on_off().probability(), 1));
        return;
    case v1::Traffic::kTrace:
        scenario.traffic =
            MakeOfdmaTraffic<OfdmaTraceTraffic>("Table",
                                                PointerValue(ReadArrivals(message.trace())));
        return;
    case v1::Traffic::kIp:
        scenario.internet = ReadIp(message.ip());
        return;
    case v1::Traffic::MODEL_NOT_SET:
        Refuse("traffic is bernoulli, poisson, periodic, on-off, trace or ip");
    }
}

} // namespace llmac
