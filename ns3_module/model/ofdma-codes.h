// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_CODES_H
#define OFDMA_CODES_H

#include <cstdint>

namespace ns3
{

/// Which control messages there are.
struct OfdmaVocabulary
{
    bool opaque;   //!< symbols without a meaning; otherwise sr, bsr, ack and grant
    uint32_t size; //!< opaque: symbols in each direction; otherwise: buffer-status levels
};

/**
 * \ingroup ofdma-mac
 * \brief The binary form of protocol actions: the code table of codes.proto for one cell
 */
class OfdmaCodes
{
  public:
    /// Access codes; a transmission on RBG r has TRANSMIT + r.
    enum Access : uint16_t
    {
        HOLD = 0,
        DELETE = 1,
        TRANSMIT = 2
    };

    /// UCM codes of the semantic vocabulary; level k has BSR + k.
    enum Ucm : uint16_t
    {
        UCM_NULL = 0,
        SR = 1,
        BSR = 2
    };

    /// DCM codes of the semantic vocabulary; RBG r has GRANT + r, and with an ack GRANT + B + r.
    enum Dcm : uint16_t
    {
        DCM_NULL = 0,
        ACK = 1,
        GRANT = 2
    };

    /// Codes of the opaque vocabulary; symbol k has SYMBOL + k.
    enum Opaque : uint16_t
    {
        OPAQUE_NULL = 0,
        SYMBOL = 1
    };

    /// A UE action, taken apart.
    struct Action
    {
        uint16_t access; //!< access code
        uint16_t ucm;    //!< UCM code
    };

    /**
     * \param rbgs number of RBGs, B
     * \param vocabulary of the control messages
     */
    OfdmaCodes(uint32_t rbgs, OfdmaVocabulary vocabulary);

    /// \return number of RBGs, B
    uint32_t GetRbgs() const;
    /// \return number of UCM codes
    uint32_t GetUcmCodes() const;
    /// \return number of DCM codes
    uint32_t GetDcmCodes() const;
    /// \return number of UE action codes
    uint32_t GetActionCodes() const;

    /// \return the parts of a UE action code
    Action Split(uint16_t action) const;
    /// \return the UE action code of the parts
    uint16_t Join(Action action) const;

    /// \return whether a DCM carries an acknowledgement
    bool HasAck(uint16_t dcm) const;

    /// \return length of a UCM on the control channel in bits
    uint32_t GetUcmBits(uint16_t ucm) const;
    /// \return length of a DCM on the control channel in bits
    uint32_t GetDcmBits(uint16_t dcm) const;

  private:
    uint32_t m_rbgs;              //!< B
    OfdmaVocabulary m_vocabulary; //!< of the control messages
    uint32_t m_rbgBits;           //!< bits that name an RBG
    uint32_t m_sizeBits;          //!< bits that name a level or a symbol
};

} // namespace ns3

#endif // OFDMA_CODES_H
