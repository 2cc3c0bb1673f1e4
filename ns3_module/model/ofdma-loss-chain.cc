// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-loss-chain.h"

#include <ns3/abort.h>
#include <ns3/channel-condition-model.h>
#include <ns3/object-factory.h>
#include <ns3/spectrum-signal-parameters.h>
#include <ns3/string.h>
#include <ns3/three-gpp-propagation-loss-model.h>
#include <ns3/trace-fading-loss-model.h>

#include <cmath>

namespace ns3
{

namespace
{

/// Append a model to a chain whose last model is `last`.
template <typename Model>
void
Append(Ptr<Model>& first, Ptr<Model>& last, Ptr<Model> model)
{
    if (last)
    {
        last->SetNext(model);
    }
    else
    {
        first = model;
    }
    last = model;
}

/// Give streams to what PropagationLossModel::AssignStreams() leaves out; \return the next stream
int64_t
AssignConditionStreams(Ptr<Object> model, int64_t stream)
{
    if (auto threeGpp = DynamicCast<ThreeGppPropagationLossModel>(model))
    {
        if (auto condition = threeGpp->GetChannelConditionModel())
        {
            stream += condition->AssignStreams(stream);
        }
    }
    return stream;
}

} // namespace

OfdmaLossChain::OfdmaLossChain(const std::vector<OfdmaModelSpec>& specs, int64_t firstStream)
{
    Ptr<PropagationLossModel> lastFlat;
    Ptr<SpectrumPropagationLossModel> lastSelective;
    int64_t stream = firstStream;
    for (const auto& spec : specs)
    {
        ObjectFactory factory(spec.typeId);
        for (const auto& [name, value] : spec.attributes)
        {
            factory.Set(name, StringValue(value));
        }
        Ptr<Object> model = factory.Create();
        if (auto flat = DynamicCast<PropagationLossModel>(model))
        {
            stream += flat->AssignStreams(stream); // before it is chained: its own streams only
            Append(m_flat, lastFlat, flat);
        }
        else
        {
            auto selective = DynamicCast<SpectrumPropagationLossModel>(model);
            NS_ABORT_MSG_UNLESS(selective, spec.typeId << " is not a loss model");
            if (auto trace = DynamicCast<TraceFadingLossModel>(model))
            {
                stream += trace->AssignStreams(stream);
            }
            Append(m_selective, lastSelective, selective);
        }
        stream = AssignConditionStreams(model, stream);
    }
    NS_ABORT_MSG_UNLESS(stream <= firstStream + STREAMS, "a loss chain has too many random streams");
}

bool
OfdmaLossChain::IsFrequencySelective() const
{
    return bool(m_selective);
}

double
OfdmaLossChain::CalcFlatGain(double txPower, Ptr<MobilityModel> ue, Ptr<MobilityModel> bs) const
{
    if (!m_flat)
    {
        return 1;
    }
    return std::pow(10, (m_flat->CalcRxPower(txPower, ue, bs) - txPower) / 10);
}

Ptr<SpectrumValue>
OfdmaLossChain::CalcSelectivePsd(Ptr<const SpectrumSignalParameters> signal,
                                 Ptr<const MobilityModel> ue,
                                 Ptr<const MobilityModel> bs) const
{
    return m_selective->CalcRxPowerSpectralDensity(signal, ue, bs);
}

} // namespace ns3
