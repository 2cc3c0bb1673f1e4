// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-uplink-channel.h"

#include <ns3/log.h>
#include <ns3/net-device.h>

#include <algorithm>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("OfdmaUplinkChannel");
NS_OBJECT_ENSURE_REGISTERED(OfdmaUplinkChannel);

struct OfdmaUplinkChannel::Link
{
    Ptr<OfdmaUePhy> phy;                 //!< transmitter
    Ptr<MobilityModel> mobility;         //!< of the transmitter
    Ptr<OfdmaLossChain> chain;           //!< null: no loss
    Ptr<OfdmaSignalParameters> received; //!< what reaches the BS, used again in each TTI
    Ptr<SpectrumValue> selectiveGain;    //!< linear, of each RB; null when flat
    double flatPsd;                      //!< received with the flat gain alone, in W/Hz
};

TypeId
OfdmaUplinkChannel::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaUplinkChannel")
            .SetParent<SpectrumChannel>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaUplinkChannel>()
            .AddTraceSource("Link",
                            "A link was evaluated, once for each UE and TTI",
                            MakeTraceSourceAccessor(&OfdmaUplinkChannel::m_linkTrace),
                            "ns3::OfdmaUplinkChannel::LinkTracedCallback");
    return tid;
}

OfdmaUplinkChannel::OfdmaUplinkChannel() = default;
OfdmaUplinkChannel::~OfdmaUplinkChannel() = default;

void
OfdmaUplinkChannel::DoDispose()
{
    m_connected.clear();
    m_links.clear();
    m_bs = nullptr;
    m_grid = nullptr;
    SpectrumChannel::DoDispose();
}

void
OfdmaUplinkChannel::SetGrid(Ptr<const OfdmaGrid> grid)
{
    m_grid = grid;
}

void
OfdmaUplinkChannel::AddLink(Ptr<OfdmaUePhy> ue, Ptr<OfdmaLossChain> chain)
{
    NS_LOG_FUNCTION(this << ue->GetUe());
    NS_ASSERT_MSG(ue->GetUe() >= m_links.size(), "UEs connect in the order of their ids");
    auto link = std::make_unique<Link>();
    link->phy = ue;
    link->mobility = ue->GetMobility();
    link->chain = chain;
    link->received = Create<OfdmaSignalParameters>(m_grid);
    link->received->ue = ue->GetUe();
    link->flatPsd = ue->GetTxPsd();
    Update(
        *link); // what ns-3 makes at first use is made here, where the seed is this environment's
    m_connected.push_back(link.get());
    m_links.resize(ue->GetUe());
    m_links.push_back(std::move(link));
}

void
OfdmaUplinkChannel::RemoveLink(uint32_t ue)
{
    NS_LOG_FUNCTION(this << ue);
    m_connected.erase(std::find(m_connected.begin(), m_connected.end(), m_links[ue].get()));
    m_links[ue].reset();
}

void
OfdmaUplinkChannel::UpdateLinks()
{
    for (Link* link : m_connected)
    {
        Update(*link);
    }
}

void
OfdmaUplinkChannel::Update(Link& link)
{
    if (!link.chain)
    {
        return;
    }
    const Ptr<MobilityModel> bs = m_bs->GetMobility();
    const double gain = link.chain->CalcFlatGain(link.phy->GetTxPower(), link.mobility, bs);
    link.phy->UpdatePower(gain);
    link.flatPsd = link.phy->GetTxPsd() * gain;
    if (link.chain->IsFrequencySelective())
    {
        link.selectiveGain = link.chain->CalcSelectiveGain(link.mobility, bs);
    }
    m_linkTrace(link.phy->GetUe(), gain);
}

const OfdmaUplinkChannel::Link&
OfdmaUplinkChannel::GetLink(uint32_t ue) const
{
    NS_ASSERT_MSG(ue < m_links.size() && m_links[ue], "UE " << ue << " is not connected");
    return *m_links[ue];
}

double
OfdmaUplinkChannel::GetRxPsd(uint32_t ue, uint32_t rb) const
{
    const Link& link = GetLink(ue);
    return link.selectiveGain ? link.flatPsd * (*link.selectiveGain)[rb] : link.flatPsd;
}

bool
OfdmaUplinkChannel::IsFlat(uint32_t ue) const
{
    return !GetLink(ue).selectiveGain;
}

uint32_t
OfdmaUplinkChannel::GetMcs(uint32_t ue) const
{
    return GetLink(ue).phy->GetMcs();
}

void
OfdmaUplinkChannel::StartTx(Ptr<SpectrumSignalParameters> params)
{
    const auto sent = DynamicCast<OfdmaSignalParameters>(params);
    NS_ABORT_MSG_UNLESS(sent, "only transmitters of UEs can use the uplink of a cell");
    m_txSigParamsTrace(params);
    const Link& link = GetLink(sent->ue);
    link.received->txPhy = link.phy;
    link.received->mcs = sent->mcs;
    double* psd = link.received->Occupy(sent->rbg);
    const uint32_t firstRb = sent->rbg * m_grid->GetRbsPerRbg();
    for (uint32_t i = 0; i < m_grid->GetRbsPerRbg(); ++i)
    {
        psd[i] = GetRxPsd(sent->ue, firstRb + i);
    }
    m_bs->StartRx(link.received);
}

void
OfdmaUplinkChannel::AddRx(Ptr<SpectrumPhy> phy)
{
    NS_ABORT_MSG_IF(m_bs, "only one BS listens to the uplink of a cell");
    m_bs = phy;
}

void
OfdmaUplinkChannel::RemoveRx(Ptr<SpectrumPhy> phy)
{
    if (m_bs == phy)
    {
        m_bs = nullptr;
    }
}

std::size_t
OfdmaUplinkChannel::GetNDevices() const
{
    return m_bs && m_bs->GetDevice() ? 1 : 0;
}

Ptr<NetDevice>
OfdmaUplinkChannel::GetDevice(std::size_t /* i */) const
{
    return m_bs->GetDevice();
}

} // namespace ns3
