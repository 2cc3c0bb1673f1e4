// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-loss-chain.h"

#include "ofdma-three-gpp.h"

#include <ns3/abort.h>
#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/three-gpp-spectrum-propagation-loss-model.h>
#include <ns3/trace-fading-loss-model.h>
#include <ns3/uinteger.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <type_traits>

namespace ns3
{

namespace
{

/// A flat gain beyond these is no gain of a link: what follows could no longer be computed, in dB.
constexpr double LEAST_GAIN_DB = -2000;
constexpr double GREATEST_GAIN_DB = 300;

/// Streams that a 3GPP path loss assigns when those of the O2I losses are among them.
constexpr int64_t STREAMS_WITH_PENETRATION = 5;

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

/// \return the PSD of what a phased-array model returns: itself in ns-3.37, part of a signal later
template <typename Result>
Ptr<SpectrumValue>
GetPsd(Result result)
{
    if constexpr (std::is_same_v<Result, Ptr<SpectrumValue>>)
    {
        return result;
    }
    else
    {
        return result->psd;
    }
}

/// \return the value of an attribute
uint64_t
GetUinteger(Ptr<const Object> object, const std::string& attribute)
{
    UintegerValue value;
    object->GetAttribute(attribute, value);
    return value.Get();
}

/// ns-3 looks neither whether the trace is there nor whether it covers the band.
void
CheckTrace(Ptr<const TraceFadingLossModel> model, const OfdmaModelSpec& spec, uint32_t rbs)
{
    const auto subbands = GetUinteger(model, "RbNum");
    NS_ABORT_MSG_UNLESS(subbands >= rbs,
                        "TraceFadingLossModel: a trace of RbNum = "
                            << subbands << " RBs does not cover the " << rbs << " of the band");
    const auto name = spec.attributes.find("TraceFilename"); // which cannot be got from the model
    const std::string path = name == spec.attributes.end() ? "" : name->second;
    std::ifstream file(path);
    const auto samples = std::distance(std::istream_iterator<double>(file), {});
    const auto wanted = subbands * GetUinteger(model, "SamplesNum");
    NS_ABORT_MSG_UNLESS(uint64_t(samples) >= wanted,
                        "TraceFadingLossModel: the file \""
                            << path << "\" should hold RbNum * SamplesNum = " << wanted
                            << " numbers, and holds " << samples);
}

} // namespace

/// \brief Builds one loss model after the other
class OfdmaLossChain::Builder
{
  public:
    /**
     * \param chain being built
     * \param grid of the cell
     * \param firstStream of the chain
     */
    Builder(OfdmaLossChain& chain, Ptr<const OfdmaGrid> grid, int64_t firstStream)
        : m_chain(chain),
          m_grid(grid),
          m_stream(firstStream)
    {
    }

    /// Build a model and chain it.
    void Add(const OfdmaModelSpec& spec)
    {
        const TypeId type = TypeId::LookupByName(spec.typeId);
        if (type.IsChildOf(PropagationLossModel::GetTypeId()))
        {
            AddFlat(spec);
        }
        else if (type.IsChildOf(SpectrumPropagationLossModel::GetTypeId()))
        {
            AddSelective(spec);
        }
        else
        {
            AddArray(spec);
        }
        m_chain.m_models.back()->Initialize();
    }

    /// \return the first stream that was not given to a model
    int64_t GetNextStream() const
    {
        return m_stream;
    }

  private:
    /// A model that knows nothing of frequencies within the band.
    void AddFlat(const OfdmaModelSpec& spec)
    {
        auto model = CreateOfdmaModel<PropagationLossModel>(
            spec,
            {{"Frequency", std::to_string(m_grid->GetCarrierFrequency())}});
        const auto streams = model->AssignStreams(m_stream); // not chained yet: its own only
        m_stream += streams;
        if (auto pathLoss = DynamicCast<ThreeGppPropagationLossModel>(model))
        {
            CheckFrequency(pathLoss->GetFrequency());
            m_pathLoss = pathLoss;
            const auto condition = CompleteOfdmaPathLoss(pathLoss);
            m_stream += condition->AssignStreams(m_stream);
            CheckPenetration(streams, condition);
        }
        Append(m_chain.m_flat, m_lastFlat, model);
        m_chain.m_models.push_back(model);
    }

    /// A model with a gain for each RB.
    void AddSelective(const OfdmaModelSpec& spec)
    {
        auto model = CreateOfdmaModel<SpectrumPropagationLossModel>(spec);
        if (auto trace = DynamicCast<TraceFadingLossModel>(model))
        {
            CheckTrace(trace, spec, m_grid->GetRbs());
            trace->AssignStreams(m_stream); // reserves very many, and uses one for each link
            ++m_stream;
        }
        Append(m_chain.m_selective, m_lastSelective, model);
        m_chain.m_models.push_back(model);
    }

    /// A model with a gain for each RB between antenna arrays.
    void AddArray(OfdmaModelSpec spec)
    {
        const auto text = spec.attributes.extract("ChannelModel");
        auto model = CreateOfdmaModel<PhasedArraySpectrumPropagationLossModel>(spec);
        if (auto threeGpp = DynamicCast<ThreeGppSpectrumPropagationLossModel>(model))
        {
            auto channel = CreateOfdmaChannelModel(
                ParseOfdmaModelSpec(text ? text.mapped() : "ns3::ThreeGppChannelModel"),
                m_grid->GetCarrierFrequency(),
                m_pathLoss);
            CheckFrequency(channel->GetFrequency());
            m_stream += channel->AssignStreams(m_stream);
            if (!m_pathLoss ||
                channel->GetChannelConditionModel() != m_pathLoss->GetChannelConditionModel())
            {
                m_stream += channel->GetChannelConditionModel()->AssignStreams(m_stream);
            }
            threeGpp->SetChannelModel(channel);
        }
        Append(m_chain.m_array, m_lastArray, model);
        m_chain.m_models.push_back(model);
    }

    /// Some types of ns-3 leave the streams of the O2I losses out, which so depend on everything.
    static void CheckPenetration(int64_t streams, Ptr<const ChannelConditionModel> condition)
    {
        DoubleValue share;
        BooleanValue byHeight;
        const bool indoors =
            condition->GetAttributeFailSafe("O2iThreshold", share) &&
            condition->GetAttributeFailSafe("LinkO2iConditionToAntennaHeight", byHeight) &&
            (share.Get() > 0 || byHeight.Get());
        NS_ABORT_MSG_IF(
            indoors && streams < STREAMS_WITH_PENETRATION,
            "UEs indoors (O2iThreshold, LinkO2iConditionToAntennaHeight) are no choice "
            "for this path loss: ns-3 draws its O2I losses from streams that no seed sets");
    }

    /// ns-3 looks only when its assertions are on.
    static void CheckFrequency(double frequency)
    {
        NS_ABORT_MSG_UNLESS(frequency >= 0.5e9 && frequency <= 100e9,
                            "3GPP TR 38.901 holds from 0.5 to 100 GHz, not at " << frequency / 1e9
                                                                                << " GHz");
    }

    OfdmaLossChain& m_chain;                                  //!< being built
    Ptr<const OfdmaGrid> m_grid;                              //!< of the cell
    int64_t m_stream;                                         //!< next random stream
    Ptr<PropagationLossModel> m_lastFlat;                     //!< or null
    Ptr<SpectrumPropagationLossModel> m_lastSelective;        //!< or null
    Ptr<PhasedArraySpectrumPropagationLossModel> m_lastArray; //!< or null
    Ptr<ThreeGppPropagationLossModel> m_pathLoss;             //!< of 3GPP, or null
};

OfdmaLossChain::OfdmaLossChain(const OfdmaChannelSpec& spec,
                               Ptr<const OfdmaGrid> grid,
                               int64_t firstStream)
{
    Builder builder(*this, grid, firstStream);
    for (const auto& model : spec.models)
    {
        builder.Add(model);
    }
    NS_ABORT_MSG_UNLESS(builder.GetNextStream() <= firstStream + STREAMS,
                        "a loss chain has too many random streams");
    m_ueAntenna = Create<OfdmaAntenna>(spec.ueAntenna, bool(m_array));
    m_bsAntenna = Create<OfdmaAntenna>(spec.bsAntenna, bool(m_array));
    if (m_selective || m_array)
    {
        SetSignal(grid);
    }
}

OfdmaLossChain::~OfdmaLossChain()
{
    for (const auto& model : m_models)
    {
        model->Dispose(); // some models of ns-3 and their parts refer to each other
    }
}

void
OfdmaLossChain::SetSignal(Ptr<const OfdmaGrid> grid)
{
    m_signal = Create<SpectrumSignalParameters>();
    m_signal->psd = Create<SpectrumValue>(grid->GetSpectrumModel());
    m_signal->duration = grid->GetTti();
    *m_signal->psd = 1;
}

bool
OfdmaLossChain::IsFrequencySelective() const
{
    return bool(m_signal);
}

double
OfdmaLossChain::CalcFlatGain(double txPower, Ptr<MobilityModel> ue, Ptr<MobilityModel> bs) const
{
    const Vector uePosition = ue->GetPosition();
    const Vector bsPosition = bs->GetPosition();
    double gain =
        m_ueAntenna->GetGain(uePosition, bsPosition) + m_bsAntenna->GetGain(bsPosition, uePosition);
    if (m_flat)
    {
        gain += m_flat->CalcRxPower(txPower, ue, bs) - txPower;
    }
    NS_ABORT_MSG_UNLESS(gain >= LEAST_GAIN_DB && gain <= GREATEST_GAIN_DB, // NaN is neither
                        "the loss models give a gain of " << gain << " dB from " << uePosition
                                                          << " to " << bsPosition);
    return std::pow(10, gain / 10);
}

Ptr<SpectrumValue>
OfdmaLossChain::CalcSelectiveGain(Ptr<const MobilityModel> ue, Ptr<const MobilityModel> bs) const
{
    Ptr<SpectrumValue> gain =
        m_selective ? m_selective->CalcRxPowerSpectralDensity(m_signal, ue, bs) : m_signal->psd;
    if (m_array)
    {
        m_ueAntenna->Point(ue->GetPosition(), bs->GetPosition());
        m_bsAntenna->Point(bs->GetPosition(), ue->GetPosition());
        Ptr<SpectrumSignalParameters> signal = m_signal;
        if (m_selective)
        {
            signal = Create<SpectrumSignalParameters>(*m_signal);
            signal->psd = gain;
        }
        gain = GetPsd(m_array->CalcRxPowerSpectralDensity(signal,
                                                          ue,
                                                          bs,
                                                          m_ueAntenna->GetArray(),
                                                          m_bsAntenna->GetArray()));
    }
    const double sum = Sum(*gain);
    NS_ABORT_MSG_UNLESS(sum >= 0 && sum < 1e30, "the loss models give a gain of " << sum);
    return gain;
}

} // namespace ns3
