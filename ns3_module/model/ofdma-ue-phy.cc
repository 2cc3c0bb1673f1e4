// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-ue-phy.h"

#include "ofdma-transport-block.h"

#include <ns3/double.h>
#include <ns3/log.h>
#include <ns3/net-device.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cmath>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("OfdmaUePhy");
NS_OBJECT_ENSURE_REGISTERED(OfdmaUePhy);

TypeId
OfdmaUePhy::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaUePhy")
            .SetParent<SpectrumPhy>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaUePhy>()
            .AddAttribute("TxPower",
                          "Transmit power over the RBs of one RBG, in dBm (default: 3GPP power "
                          "class 3, TS 36.101 clause 6.2.2)",
                          DoubleValue(23),
                          MakeDoubleAccessor(&OfdmaUePhy::SetTxPower, &OfdmaUePhy::GetTxPower),
                          MakeDoubleChecker<double>())
            .AddAttribute("Mcs",
                          "Index of modulation and coding scheme, 3GPP TS 36.213 table 8.6.1-1",
                          UintegerValue(9),
                          MakeUintegerAccessor(&OfdmaUePhy::m_mcs),
                          MakeUintegerChecker<uint32_t>(0, 28));
    return tid;
}

OfdmaUePhy::OfdmaUePhy() = default;

void
OfdmaUePhy::DoDispose()
{
    m_signal = nullptr;
    m_device = nullptr;
    m_mobility = nullptr;
    m_channel = nullptr;
    m_grid = nullptr;
    SpectrumPhy::DoDispose();
}

void
OfdmaUePhy::SetDevice(Ptr<NetDevice> device)
{
    m_device = device;
}

Ptr<NetDevice>
OfdmaUePhy::GetDevice() const
{
    return m_device;
}

void
OfdmaUePhy::SetMobility(Ptr<MobilityModel> mobility)
{
    m_mobility = mobility;
}

Ptr<MobilityModel>
OfdmaUePhy::GetMobility() const
{
    return m_mobility;
}

void
OfdmaUePhy::SetChannel(Ptr<SpectrumChannel> channel)
{
    m_channel = channel;
}

Ptr<const SpectrumModel>
OfdmaUePhy::GetRxSpectrumModel() const
{
    return nullptr;
}

Ptr<Object>
OfdmaUePhy::GetAntenna() const
{
    return nullptr;
}

void
OfdmaUePhy::StartRx(Ptr<SpectrumSignalParameters> /* params */)
{
    NS_LOG_WARN("the transmitter of a UE was given a signal to receive");
}

void
OfdmaUePhy::Configure(uint32_t ue, Ptr<const OfdmaGrid> grid)
{
    m_grid = grid;
    m_signal = Create<OfdmaSignalParameters>(grid);
    m_signal->ue = ue;
}

void
OfdmaUePhy::SetPowerControl(const OfdmaPowerControl& powerControl)
{
    m_powerControl = powerControl;
}

void
OfdmaUePhy::SetLinkAdaptation(const OfdmaLinkAdaptation& linkAdaptation)
{
    m_linkAdaptation = linkAdaptation;
}

void
OfdmaUePhy::UpdatePower(double gain)
{
    if (m_powerControl)
    {
        SetTxPower(m_powerControl->Update(gain));
    }
}

void
OfdmaUePhy::UpdateMcs(uint32_t tti, double snr)
{
    if (m_linkAdaptation)
    {
        m_mcs = m_linkAdaptation->Update(tti, snr);
    }
}

void
OfdmaUePhy::SetTxPower(double txPower)
{
    m_txPower = txPower;
    m_txWatts = std::pow(10, (txPower - 30) / 10);
}

uint32_t
OfdmaUePhy::GetMcs() const
{
    return m_mcs;
}

uint32_t
OfdmaUePhy::GetTransportBlockBits() const
{
    return GetOfdmaTransportBlockBits(m_mcs, m_grid->GetRbsPerRbg());
}

uint32_t
OfdmaUePhy::GetUe() const
{
    return m_signal->ue;
}

double
OfdmaUePhy::GetTxPower() const
{
    return m_txPower;
}

double
OfdmaUePhy::GetTxPsd() const
{
    return m_txWatts / GetBandwidth();
}

double
OfdmaUePhy::GetBandwidth() const
{
    return m_grid->GetRbsPerRbg() * m_grid->GetRbBandwidth();
}

void
OfdmaUePhy::Transmit(uint32_t rbg)
{
    NS_LOG_FUNCTION(this << GetUe() << rbg);
    std::fill_n(m_signal->Occupy(rbg), m_grid->GetRbsPerRbg(), GetTxPsd());
    m_signal->mcs = m_mcs;
    m_signal->txPhy = this;
    m_channel->StartTx(m_signal);
    m_signal->txPhy = nullptr; // the signal is kept, and a cycle of references would be, too
}

} // namespace ns3
