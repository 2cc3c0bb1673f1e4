// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-control-loss.h"

#include <ns3/boolean.h>
#include <ns3/double.h>

#include <cmath>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaControlLoss);

TypeId
OfdmaControlLoss::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaControlLoss")
            .SetParent<Object>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaControlLoss>()
            .AddAttribute("Probability",
                          "Probability that a UCM or DCM is lost, whatever the SNR",
                          DoubleValue(0),
                          MakeDoubleAccessor(&OfdmaControlLoss::m_probability),
                          MakeDoubleChecker<double>(0, 1))
            .AddAttribute("Logistic",
                          "Messages are lost by the SNR, too",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaControlLoss::m_logistic),
                          MakeBooleanChecker())
            .AddAttribute("Midpoint",
                          "SNR at which half of the messages are lost, in dB",
                          DoubleValue(-2),
                          MakeDoubleAccessor(&OfdmaControlLoss::m_midpoint),
                          MakeDoubleChecker<double>())
            .AddAttribute("Slope",
                          "How gently the curve falls, in dB",
                          DoubleValue(0.5),
                          MakeDoubleAccessor(&OfdmaControlLoss::m_slope),
                          MakeDoubleChecker<double>(1e-6))
            .AddAttribute("BsTxPower",
                          "Transmit power of the BS in dBm, over as many RBs as an RBG has",
                          DoubleValue(46),
                          MakeDoubleAccessor(&OfdmaControlLoss::m_bsTxPower),
                          MakeDoubleChecker<double>())
            .AddAttribute("UeNoiseFigure",
                          "Noise figure of a UE's receiver in dB",
                          DoubleValue(9),
                          MakeDoubleAccessor(&OfdmaControlLoss::m_ueNoiseFigure),
                          MakeDoubleChecker<double>());
    return tid;
}

bool
OfdmaControlLoss::UsesSnr() const
{
    return m_logistic;
}

double
OfdmaControlLoss::GetProbability(double snr) const
{
    if (!m_logistic)
    {
        return m_probability;
    }
    const double arrives = 1 / (1 + std::exp((m_midpoint - 10 * std::log10(snr)) / m_slope));
    return 1 - (1 - m_probability) * arrives;
}

double
OfdmaControlLoss::CalcDownlinkSnr(double gain, double bandwidth) const
{
    // kT at 290 K is -174 dBm/Hz, as at the BS.
    const double noise = std::pow(10, (-174 + m_ueNoiseFigure) / 10) * bandwidth; // mW
    return std::pow(10, m_bsTxPower / 10) * gain / noise;
}

} // namespace ns3
