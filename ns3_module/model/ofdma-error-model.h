// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_ERROR_MODEL_H
#define OFDMA_ERROR_MODEL_H

#include <ns3/object.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Whether a transport block on one RBG is decoded
 *
 * The transport-block error rate (TBLER) must not increase with the SINR of any RB. Together with a
 * coin that is the same with and without interference, what is decoded under interference would
 * then always be decoded without.
 */
class OfdmaErrorModel : public Object
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    /// \return whether the SINR matters; without it, two transmissions on one RBG destroy each
    /// other
    bool UsesSinr() const;

    /**
     * \param mcs index of modulation and coding scheme, 0 to 28
     * \param sinr linear, of each RB of the RBG
     * \param rbs RBs of the RBG
     * \return TBLER, 0 to 1
     */
    double GetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const;

    /**
     * \param mcs index of modulation and coding scheme, 0 to 28
     * \param sinr linear, of each RB of the RBG
     * \param rbs RBs of the RBG
     * \param coin uniform in [0, 1)
     * \return coin >= GetTbler(mcs, sinr, rbs)
     */
    bool IsDecoded(uint32_t mcs, const double* sinr, uint32_t rbs, double coin) const;

  private:
    /// \see UsesSinr
    virtual bool DoUsesSinr() const = 0;
    /// \see GetTbler
    virtual double DoGetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const = 0;
    /// \see IsDecoded; a model that knows a shorter way overrides it
    virtual bool DoIsDecoded(uint32_t mcs, const double* sinr, uint32_t rbs, double coin) const;
};

/**
 * \ingroup ofdma-mac
 * \brief The ideal collision channel: alone on an RBG with a fixed TBLER, otherwise never decoded
 */
class OfdmaFixedErrorModel : public OfdmaErrorModel
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    bool DoUsesSinr() const override;
    double DoGetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const override;

    double m_tbler; //!< 0 to 1
};

/**
 * \ingroup ofdma-mac
 * \brief Decoded when the SINR, averaged over the RBs of the RBG, reaches a threshold
 */
class OfdmaThresholdErrorModel : public OfdmaErrorModel
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    /// \param threshold in dB
    void SetThreshold(double threshold);
    /// \return threshold in dB
    double GetThreshold() const;

  private:
    bool DoUsesSinr() const override;
    double DoGetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const override;

    double m_thresholdDb;     //!< threshold in dB
    double m_thresholdLinear; //!< the same, linear
};

} // namespace ns3

#endif // OFDMA_ERROR_MODEL_H
