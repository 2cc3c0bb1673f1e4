// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-bs-phy.h"

#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/log.h>
#include <ns3/net-device.h>
#include <ns3/pointer.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("OfdmaBsPhy");
NS_OBJECT_ENSURE_REGISTERED(OfdmaBsPhy);

TypeId
OfdmaBsPhy::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaBsPhy")
            .SetParent<SpectrumPhy>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaBsPhy>()
            .AddAttribute(
                "NoiseFigure",
                "Noise figure of the receiver, in dB",
                DoubleValue(5),
                MakeDoubleAccessor(&OfdmaBsPhy::SetNoiseFigure, &OfdmaBsPhy::GetNoiseFigure),
                MakeDoubleChecker<double>(0))
            .AddAttribute("Capture",
                          "Whether the strongest of several transmissions on an RBG can be decoded",
                          BooleanValue(true),
                          MakeBooleanAccessor(&OfdmaBsPhy::m_capture),
                          MakeBooleanChecker())
            .AddAttribute("ErrorModel",
                          "Decides whether a transport block is decoded",
                          PointerValue(),
                          MakePointerAccessor(&OfdmaBsPhy::m_errorModel),
                          MakePointerChecker<OfdmaErrorModel>())
            .AddTraceSource("Decode",
                            "A transport block, the strongest on its RBG, was decoded or not",
                            MakeTraceSourceAccessor(&OfdmaBsPhy::m_decodeTrace),
                            "ns3::OfdmaBsPhy::DecodeTracedCallback");
    return tid;
}

OfdmaBsPhy::OfdmaBsPhy() = default;

void
OfdmaBsPhy::DoDispose()
{
    m_signals.clear();
    m_device = nullptr;
    m_mobility = nullptr;
    m_channel = nullptr;
    m_grid = nullptr;
    m_errorModel = nullptr;
    SpectrumPhy::DoDispose();
}

void
OfdmaBsPhy::SetDevice(Ptr<NetDevice> device)
{
    m_device = device;
}

Ptr<NetDevice>
OfdmaBsPhy::GetDevice() const
{
    return m_device;
}

void
OfdmaBsPhy::SetMobility(Ptr<MobilityModel> mobility)
{
    m_mobility = mobility;
}

Ptr<MobilityModel>
OfdmaBsPhy::GetMobility() const
{
    return m_mobility;
}

void
OfdmaBsPhy::SetChannel(Ptr<SpectrumChannel> channel)
{
    m_channel = DynamicCast<OfdmaUplinkChannel>(channel);
    NS_ABORT_MSG_UNLESS(m_channel, "the BS of a cell listens to an OfdmaUplinkChannel");
}

Ptr<const SpectrumModel>
OfdmaBsPhy::GetRxSpectrumModel() const
{
    return m_grid ? m_grid->GetSpectrumModel() : nullptr;
}

Ptr<Object>
OfdmaBsPhy::GetAntenna() const
{
    return nullptr;
}

void
OfdmaBsPhy::SetNoiseFigure(double noiseFigure)
{
    // kT at 290 K is -174 dBm/Hz (3GPP TR 36.942 and others round it likewise).
    m_noiseFigure = noiseFigure;
    m_noisePsd = std::pow(10, (-174 + noiseFigure - 30) / 10);
}

double
OfdmaBsPhy::GetNoiseFigure() const
{
    return m_noiseFigure;
}

double
OfdmaBsPhy::GetNoisePsd() const
{
    return m_noisePsd;
}

void
OfdmaBsPhy::Configure(Ptr<const OfdmaGrid> grid, OfdmaCoin coin)
{
    m_grid = grid;
    m_coin = coin;
    m_sinr.resize(grid->GetRbsPerRbg());
    m_coins.resize(grid->GetRbgs());
    m_signals.resize(grid->GetRbgs());
    m_receptions.resize(grid->GetRbgs());
}

void
OfdmaBsPhy::BeginTti(uint32_t tti)
{
    m_tti = tti;
    std::fill(m_receptions.begin(), m_receptions.end(), OfdmaReception());
}

const std::vector<OfdmaReception>&
OfdmaBsPhy::GetReceptions() const
{
    return m_receptions;
}

void
OfdmaBsPhy::StartRx(Ptr<SpectrumSignalParameters> params)
{
    const auto signal = StaticCast<OfdmaSignalParameters>(params); // the channel lets no other pass
    NS_LOG_FUNCTION(this << signal->ue << signal->rbg);
    m_signals[signal->rbg].push_back(signal);
    if (!m_receiving)
    {
        m_receiving = true;
        Simulator::Schedule(signal->duration, &OfdmaBsPhy::EndRx, this);
    }
}

void
OfdmaBsPhy::EndRx()
{
    NS_LOG_FUNCTION(this);
    m_receiving = false;
    for (uint32_t rbg = 0; rbg < m_signals.size(); ++rbg)
    {
        if (!m_signals[rbg].empty())
        {
            m_receptions[rbg].transmissions = m_signals[rbg].size();
            m_receptions[rbg].decoded = Decide(rbg);
            m_signals[rbg].clear();
        }
    }
}

int64_t
OfdmaBsPhy::Decide(uint32_t rbg) const
{
    const auto& signals = m_signals[rbg];
    if (signals.size() > 1 && (!m_capture || !m_errorModel->UsesSinr()))
    {
        return -1;
    }
    const OfdmaSignalParameters& strongest = GetStrongest(rbg);
    const double* wanted = strongest.GetOccupied();
    for (uint32_t rb = 0; rb < m_sinr.size(); ++rb)
    {
        double interference = 0;
        for (const auto& signal : signals)
        {
            interference += signal->ue == strongest.ue ? 0 : signal->GetOccupied()[rb];
        }
        m_sinr[rb] = wanted[rb] / (interference + m_noisePsd);
    }
    const bool decoded = IsDecoded(strongest.ue, rbg, strongest.mcs);
    if (!m_decodeTrace.IsEmpty())
    {
        const double sum = std::accumulate(m_sinr.begin(), m_sinr.end(), 0.0);
        m_decodeTrace(strongest.ue, rbg, sum / m_sinr.size(), decoded);
    }
    return decoded ? int64_t(strongest.ue) : -1;
}

const OfdmaSignalParameters&
OfdmaBsPhy::GetStrongest(uint32_t rbg) const
{
    const OfdmaSignalParameters* strongest = PeekPointer(m_signals[rbg].front());
    double greatest = -1;
    for (const auto& signal : m_signals[rbg])
    {
        const double* psd = signal->GetOccupied();
        const double sum = std::accumulate(psd, psd + m_sinr.size(), 0.0);
        if (sum > greatest)
        {
            greatest = sum;
            strongest = PeekPointer(signal);
        }
    }
    return *strongest;
}

bool
OfdmaBsPhy::IsDecoded(uint32_t ue, uint32_t rbg, uint32_t mcs) const
{
    const double coin = m_coin.Toss(OfdmaCoin::DECODE, ue, rbg, m_tti);
    return m_errorModel->IsDecoded(mcs, m_sinr.data(), m_sinr.size(), coin);
}

double
OfdmaBsPhy::GetMeanSnr(uint32_t ue) const
{
    const uint32_t rbs = m_channel->IsFlat(ue) ? 1 : m_grid->GetRbs();
    double psd = 0;
    for (uint32_t rb = 0; rb < rbs; ++rb)
    {
        psd += m_channel->GetRxPsd(ue, rb);
    }
    return psd / rbs / m_noisePsd;
}

void
OfdmaBsPhy::WouldDecode(uint32_t ue, uint8_t* decoded) const
{
    const uint32_t mcs = m_channel->GetMcs(ue);
    const uint32_t rbs = m_sinr.size();
    if (!m_channel->IsFlat(ue))
    {
        for (uint32_t rbg = 0; rbg < m_coins.size(); ++rbg)
        {
            for (uint32_t rb = 0; rb < rbs; ++rb)
            {
                m_sinr[rb] = m_channel->GetRxPsd(ue, rbg * rbs + rb) / m_noisePsd;
            }
            decoded[rbg] = IsDecoded(ue, rbg, mcs);
        }
        return;
    }
    // The SNR is the same on every RBG, and mostly so is the outcome, whatever the coin.
    std::fill(m_sinr.begin(), m_sinr.end(), m_channel->GetRxPsd(ue, 0) / m_noisePsd);
    for (uint32_t rbg = 0; rbg < m_coins.size(); ++rbg)
    {
        m_coins[rbg] = m_coin.Toss(OfdmaCoin::DECODE, ue, rbg, m_tti);
    }
    const auto [least, greatest] = std::minmax_element(m_coins.begin(), m_coins.end());
    if (m_errorModel->IsDecoded(mcs, m_sinr.data(), rbs, *least))
    {
        std::fill_n(decoded, m_coins.size(), 1);
    }
    else if (!m_errorModel->IsDecoded(mcs, m_sinr.data(), rbs, *greatest))
    {
        std::fill_n(decoded, m_coins.size(), 0);
    }
    else
    {
        const double tbler = m_errorModel->GetTbler(mcs, m_sinr.data(), rbs);
        std::transform(m_coins.begin(), m_coins.end(), decoded, [tbler](double coin) {
            return coin >= tbler;
        });
    }
}

} // namespace ns3
