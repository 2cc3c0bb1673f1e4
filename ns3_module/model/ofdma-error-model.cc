// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-error-model.h"

#include <ns3/double.h>

#include <cmath>
#include <numeric>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaErrorModel);
NS_OBJECT_ENSURE_REGISTERED(OfdmaFixedErrorModel);
NS_OBJECT_ENSURE_REGISTERED(OfdmaThresholdErrorModel);

TypeId
OfdmaErrorModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaErrorModel").SetParent<Object>().SetGroupName("OfdmaMac");
    return tid;
}

bool
OfdmaErrorModel::UsesSinr() const
{
    return DoUsesSinr();
}

double
OfdmaErrorModel::GetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const
{
    return DoGetTbler(mcs, sinr, rbs);
}

bool
OfdmaErrorModel::IsDecoded(uint32_t mcs, const double* sinr, uint32_t rbs, double coin) const
{
    return DoIsDecoded(mcs, sinr, rbs, coin);
}

bool
OfdmaErrorModel::DoIsDecoded(uint32_t mcs, const double* sinr, uint32_t rbs, double coin) const
{
    return coin >= DoGetTbler(mcs, sinr, rbs);
}

TypeId
OfdmaFixedErrorModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaFixedErrorModel")
                            .SetParent<OfdmaErrorModel>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaFixedErrorModel>()
                            .AddAttribute("Tbler",
                                          "Transport-block error rate of a UE alone on an RBG",
                                          DoubleValue(0),
                                          MakeDoubleAccessor(&OfdmaFixedErrorModel::m_tbler),
                                          MakeDoubleChecker<double>(0, 1));
    return tid;
}

bool
OfdmaFixedErrorModel::DoUsesSinr() const
{
    return false;
}

double
OfdmaFixedErrorModel::DoGetTbler(uint32_t /* mcs */,
                                 const double* /* sinr */,
                                 uint32_t /* rbs */) const
{
    return m_tbler;
}

TypeId
OfdmaThresholdErrorModel::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaThresholdErrorModel")
            .SetParent<OfdmaErrorModel>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaThresholdErrorModel>()
            .AddAttribute("Threshold",
                          "Least mean SINR that is decoded, in dB",
                          DoubleValue(3),
                          MakeDoubleAccessor(&OfdmaThresholdErrorModel::SetThreshold,
                                             &OfdmaThresholdErrorModel::GetThreshold),
                          MakeDoubleChecker<double>());
    return tid;
}

void
OfdmaThresholdErrorModel::SetThreshold(double threshold)
{
    m_thresholdDb = threshold;
    m_thresholdLinear = std::pow(10, threshold / 10);
}

double
OfdmaThresholdErrorModel::GetThreshold() const
{
    return m_thresholdDb;
}

bool
OfdmaThresholdErrorModel::DoUsesSinr() const
{
    return true;
}

double
OfdmaThresholdErrorModel::DoGetTbler(uint32_t /* mcs */, const double* sinr, uint32_t rbs) const
{
    const double mean = std::accumulate(sinr, sinr + rbs, 0.0) / rbs;
    return mean >= m_thresholdLinear ? 0 : 1;
}

} // namespace ns3
