// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_UPLINK_CHANNEL_H
#define OFDMA_UPLINK_CHANNEL_H

#include "ofdma-loss-chain.h"
#include "ofdma-ue-phy.h"

#include <ns3/spectrum-channel.h>

#include <memory>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The uplink of a cell: every UE transmits, only the BS listens
 *
 * A link is evaluated once in each TTI, in the order of the UEs, whether it will be used or not.
 * Transmissions then use what was found, so that the channel does not depend on who transmits.
 * Propagation takes no time: timing advance compensates for it.
 */
class OfdmaUplinkChannel : public SpectrumChannel
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaUplinkChannel();
    ~OfdmaUplinkChannel() override;

    /// \param grid of the cell
    void SetGrid(Ptr<const OfdmaGrid> grid);

    /**
     * Connect a UE; ids must ascend.
     * \param ue its transmitter
     * \param chain its loss models; null: no loss
     */
    void AddLink(Ptr<OfdmaUePhy> ue, Ptr<OfdmaLossChain> chain);

    /// Disconnect a UE.
    void RemoveLink(uint32_t ue);

    /// Draw the channel of the TTI that begins.
    void UpdateLinks();

    /**
     * \param ue id of a connected UE
     * \param rb RB of the band
     * \return PSD that the BS receives if the UE transmits on this RB in this TTI, in W/Hz
     */
    double GetRxPsd(uint32_t ue, uint32_t rb) const;

    /// \return MCS of what a UE transmits in this TTI
    uint32_t GetMcs(uint32_t ue) const;

    /// \return whether all RBs of a UE have the same gain
    bool IsFlat(uint32_t ue) const;

    // Inherited from SpectrumChannel and Channel
    void StartTx(Ptr<SpectrumSignalParameters> params) override;
    void AddRx(Ptr<SpectrumPhy> phy) override;
    void RemoveRx(Ptr<SpectrumPhy> phy) override;
    std::size_t GetNDevices() const override;
    Ptr<NetDevice> GetDevice(std::size_t i) const override;

    /// TracedCallback signature: id of the UE, flat gain (linear, without frequency-selective
    /// models)
    typedef void (*LinkTracedCallback)(uint32_t ue, double gain);

  private:
    /// The link of one UE to the BS.
    struct Link;

    void DoDispose() override;

    /// Draw the channel of one link.
    void Update(Link& link);

    /// \return the link of a connected UE
    const Link& GetLink(uint32_t ue) const;

    Ptr<const OfdmaGrid> m_grid;                  //!< of the cell
    Ptr<SpectrumPhy> m_bs;                        //!< the one receiver
    std::vector<std::unique_ptr<Link>> m_links;   //!< by id; null: not connected
    std::vector<Link*> m_connected;               //!< in the order of the ids
    TracedCallback<uint32_t, double> m_linkTrace; //!< each evaluation of a link
};

} // namespace ns3

#endif // OFDMA_UPLINK_CHANNEL_H
