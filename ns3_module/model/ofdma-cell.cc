// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-cell.h"

#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/log.h>
#include <ns3/pointer.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("OfdmaCell");
NS_OBJECT_ENSURE_REGISTERED(OfdmaCell);

TypeId
OfdmaCell::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaCell")
            .SetParent<Object>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaCell>()
            .AddAttribute("Seed",
                          "Seed of everything that is drawn",
                          UintegerValue(0),
                          MakeUintegerAccessor(&OfdmaCell::m_seed),
                          MakeUintegerChecker<uint64_t>())
            .AddAttribute("Ttis",
                          "Length of the episode in TTIs",
                          UintegerValue(200),
                          MakeUintegerAccessor(&OfdmaCell::m_ttis),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Ues",
                          "UEs connected at TTI 0",
                          UintegerValue(4),
                          MakeUintegerAccessor(&OfdmaCell::m_initialUes),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("BufferCapacity",
                          "Capacity of each UE's buffer in dPDUs",
                          UintegerValue(20),
                          MakeUintegerAccessor(&OfdmaCell::m_bufferCapacity),
                          MakeUintegerChecker<uint32_t>(1, 65535))
            .AddAttribute("AckDeletes",
                          "A received ack removes the head-of-line dPDU if that was delivered",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaCell::m_ackDeletes),
                          MakeBooleanChecker())
            .AddAttribute("ControlLoss",
                          "How likely UCMs and DCMs are to be lost",
                          PointerValue(),
                          MakePointerAccessor(&OfdmaCell::m_controlLoss),
                          MakePointerChecker<OfdmaControlLoss>())
            .AddAttribute("ControlDelay",
                          "Added to the delivery of each UCM and DCM, in TTIs",
                          UintegerValue(0),
                          MakeUintegerAccessor(&OfdmaCell::m_controlDelay),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("MaxDcms",
                          "Limit on the DCMs of a TTI; 0: none",
                          UintegerValue(0),
                          MakeUintegerAccessor(&OfdmaCell::m_maxDcms),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("UcmPeriod",
                          "UE i has a UCM opportunity in TTIs with (tti + i) mod period = 0",
                          UintegerValue(1),
                          MakeUintegerAccessor(&OfdmaCell::m_ucmPeriod),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Rho",
                          "Utility of a first decode, and cost of a duplicate, of a loss and of an "
                          "idle RBG under backlog",
                          DoubleValue(3),
                          MakeDoubleAccessor(&OfdmaCell::m_rho),
                          MakeDoubleChecker<double>())
            .AddAttribute("ProportionalFair",
                          "The leader's utility is proportional fairness less the cost of "
                          "signalling, instead of the shared one",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaCell::m_proportionalFair),
                          MakeBooleanChecker())
            .AddAttribute("SignallingCost",
                          "Cost of a bit of control messages to a proportional fair leader",
                          DoubleValue(0),
                          MakeDoubleAccessor(&OfdmaCell::m_signallingCost),
                          MakeDoubleChecker<double>())
            .AddAttribute("OwnUtilities",
                          "A follower's utility is its own first decodes less the cost of its "
                          "transmissions, instead of the shared one",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaCell::m_ownUtilities),
                          MakeBooleanChecker())
            .AddAttribute("TransmissionCost",
                          "Cost of a transmission to a follower with a utility of its own",
                          DoubleValue(0),
                          MakeDoubleAccessor(&OfdmaCell::m_transmissionCost),
                          MakeDoubleChecker<double>())
            .AddAttribute("Radio",
                          "Links have a gain, and so an SNR",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaCell::m_hasRadio),
                          MakeBooleanChecker())
            .AddAttribute("WouldDecode",
                          "Find out in each TTI which UE would be decoded on which RBG",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaCell::m_wantWouldDecode),
                          MakeBooleanChecker())
            .AddAttribute("Bound",
                          "Compute the bound on the deliveries of any protocol",
                          BooleanValue(false),
                          MakeBooleanAccessor(&OfdmaCell::m_wantBound),
                          MakeBooleanChecker())
            .AddTraceSource("Join",
                            "A UE joined",
                            MakeTraceSourceAccessor(&OfdmaCell::m_joinTrace),
                            "ns3::OfdmaCell::UeTracedCallback")
            .AddTraceSource("Leave",
                            "A UE left",
                            MakeTraceSourceAccessor(&OfdmaCell::m_leaveTrace),
                            "ns3::OfdmaCell::UeTracedCallback")
            .AddTraceSource("Drop",
                            "A dPDU arrived to a full buffer",
                            MakeTraceSourceAccessor(&OfdmaCell::m_dropTrace),
                            "ns3::OfdmaCell::UeTracedCallback")
            .AddTraceSource("Delivery",
                            "A dPDU was decoded for the first time",
                            MakeTraceSourceAccessor(&OfdmaCell::m_deliveryTrace),
                            "ns3::OfdmaCell::DeliveryTracedCallback")
            .AddTraceSource("UcmSent",
                            "A UCM was sent",
                            MakeTraceSourceAccessor(&OfdmaCell::m_ucmTrace),
                            "ns3::OfdmaCell::MessageTracedCallback")
            .AddTraceSource("DcmSent",
                            "A DCM was sent",
                            MakeTraceSourceAccessor(&OfdmaCell::m_dcmTrace),
                            "ns3::OfdmaCell::MessageTracedCallback");
    return tid;
}

OfdmaCell::OfdmaCell() = default;
OfdmaCell::~OfdmaCell() = default;

void
OfdmaCell::DoDispose()
{
    m_byId.clear();
    m_ues.clear();
    m_factory = nullptr;
    m_controlLoss = nullptr;
    m_bs = nullptr;
    m_channel = nullptr;
    Object::DoDispose();
}

void
OfdmaCell::Configure(OfdmaCodes codes,
                     Ptr<OfdmaBsPhy> bs,
                     Ptr<OfdmaUplinkChannel> channel,
                     std::vector<OfdmaChurnEvent> churn,
                     OfdmaDecisionDelay delay,
                     UeFactory factory)
{
    NS_ABORT_MSG_UNLESS(m_controlLoss, "a cell has a model of the loss of its control messages");
    m_coin = OfdmaCoin(m_seed);
    m_codes = codes;
    m_bs = bs;
    m_channel = channel;
    m_churn = std::move(churn);
    m_delay = std::move(delay);
    m_decisions = OfdmaDecisionLine<std::vector<OfdmaDcm>>(m_delay.GetLongest());
    m_factory = std::move(factory);
    m_statistics = OfdmaStatistics(m_ttis);
    m_rbgOutcomes.assign(codes.GetRbgs(), IDLE);
    m_rbgDuplicates.assign(codes.GetRbgs(), 0);
    for (uint32_t i = 0; i < m_initialUes; ++i)
    {
        Join();
    }
}

void
OfdmaCell::BeginTti(uint32_t tti)
{
    NS_LOG_FUNCTION(this << tti);
    m_tti = tti;
    m_wouldDecode.clear();
    if (tti < m_ttis)
    {
        m_statistics.BeginTti();
        Churn();
        Arrive();
        m_hadBacklog = m_statistics.Get(OfdmaCounter::BACKLOG) > 0;
        UpdateRadio();
    }
    m_wouldDecode.resize(m_ues.size() * m_codes.GetRbgs());
    for (const auto& ue : m_ues)
    {
        ue->ucm = ue->ucms.Take(tti);
    }
}

void
OfdmaCell::Churn()
{
    const std::size_t first = m_nextChurn;
    while (m_nextChurn < m_churn.size() && m_churn[m_nextChurn].tti == m_tti)
    {
        ++m_nextChurn;
    }
    for (std::size_t i = first; i < m_nextChurn; ++i)
    {
        for (uint32_t ue : m_churn[i].leave)
        {
            Leave(ue);
        }
    }
    for (std::size_t i = first; i < m_nextChurn; ++i)
    {
        for (uint32_t j = 0; j < m_churn[i].join; ++j)
        {
            Join();
        }
    }
}

void
OfdmaCell::Join()
{
    const uint32_t id = m_byId.size();
    const auto [phy, traffic] = m_factory(id);
    traffic->Join(m_coin, id, m_tti);
    m_ues.push_back(std::make_unique<OfdmaUe>(phy,
                                              traffic,
                                              m_bufferCapacity,
                                              m_controlDelay,
                                              m_delay.GetLongest()));
    m_byId.push_back(m_ues.back().get());
    m_statistics.Join();
    m_joinTrace(id);
}

void
OfdmaCell::Leave(uint32_t id)
{
    NS_ABORT_MSG_UNLESS(id < m_byId.size() && m_byId[id], "UE " << id << " is not connected");
    m_statistics.Discard(m_byId[id]->buffer.GetUndelivered());
    m_byId[id]->traffic->Leave();
    m_channel->RemoveLink(id);
    m_ues.erase(
        std::find_if(m_ues.begin(), m_ues.end(), [id](const auto& ue) { return ue->id == id; }));
    m_byId[id] = nullptr;
    m_leaveTrace(id);
}

void
OfdmaCell::Arrive()
{
    for (const auto& ue : m_ues)
    {
        const uint32_t arrivals = ue->traffic->Arrive(m_tti);
        if (arrivals == 0)
        {
            continue;
        }
        const uint32_t admitted = ue->traffic->Admit(arrivals, ue->buffer.GetRoom());
        for (uint32_t i = 0; i < arrivals; ++i)
        {
            const bool dropped = i >= admitted || !ue->buffer.Push(m_tti);
            m_statistics.Arrive(ue->id, m_tti, dropped);
            ue->bound.Arrive();
            if (dropped)
            {
                m_dropTrace(ue->id);
            }
        }
    }
}

void
OfdmaCell::UpdateRadio()
{
    m_bs->BeginTti(m_tti);
    if (m_hasRadio)
    {
        m_channel->UpdateLinks();
        for (const auto& ue : m_ues)
        {
            ue->snr = m_bs->GetMeanSnr(ue->id);
            ue->snrSum += ue->snr;
            ue->phy->UpdateMcs(m_tti, ue->snr);
            ++ue->snrs;
        }
    }
    if (m_wantWouldDecode || m_wantBound)
    {
        FindWouldDecode();
    }
}

void
OfdmaCell::FindWouldDecode()
{
    // An explicit deletion takes a TTI of its own; an ack leaves the next TTI free.
    const uint32_t spacing = m_ackDeletes ? 1 : 2;
    uint32_t alone = 0;
    std::vector<uint8_t> useful(m_codes.GetRbgs());
    for (const auto& ue : m_ues)
    {
        const std::size_t row = m_wouldDecode.size();
        m_wouldDecode.resize(row + useful.size());
        const uint8_t* decoded = m_wouldDecode.data() + row;
        m_bs->WouldDecode(ue->id, m_wouldDecode.data() + row);
        bool somewhere = false;
        for (uint32_t rbg = 0; rbg < useful.size(); ++rbg)
        {
            useful[rbg] |= decoded[rbg];
            somewhere |= decoded[rbg];
        }
        if (somewhere && ue->bound.Deliver(m_tti, spacing))
        {
            ++alone;
        }
    }
    m_bound.Add(std::count(useful.begin(), useful.end(), 1), alone);
}

void
OfdmaCell::SendDcms(const OfdmaDcm* dcms, std::size_t count)
{
    m_statistics.Count(OfdmaCounter::DECISION, count);
    const double coin = m_coin.Toss(OfdmaCoin::BS_DECISION_DELAY, 0, 0, m_tti);
    m_decisions.Put(m_tti, m_delay.Invert(coin)).assign(dcms, dcms + count);
    if (const auto* due = m_decisions.Take(m_tti))
    {
        Send(due->decision);
    }
}

void
OfdmaCell::Send(const std::vector<OfdmaDcm>& dcms)
{
    uint32_t sent = 0;
    for (const auto& [id, code] : dcms)
    {
        if (code == OfdmaCodes::DCM_NULL)
        {
            continue;
        }
        if (!m_byId[id] || (m_maxDcms > 0 && sent == m_maxDcms))
        {
            m_statistics.Count(OfdmaCounter::INVALID);
            continue;
        }
        ++sent;
        m_statistics.Count(OfdmaCounter::DCM);
        m_statistics.Count(OfdmaCounter::DCM_BITS, m_codes.GetDcmBits(code));
        OfdmaUe& ue = *m_byId[id];
        const bool lost = m_coin.Toss(OfdmaCoin::DCM_LOSS, id, 0, m_tti) < CalcDcmLoss(ue);
        if (!lost)
        {
            ue.dcms.Send(m_tti, code);
        }
        m_dcmTrace(id, code, lost);
    }
}

double
OfdmaCell::CalcDcmLoss(const OfdmaUe& ue) const
{
    if (!m_controlLoss->UsesSnr())
    {
        return m_controlLoss->GetProbability(0);
    }
    const double gain = ue.snr * m_bs->GetNoisePsd() / ue.phy->GetTxPsd(); // reciprocal
    return m_controlLoss->GetProbability(
        m_controlLoss->CalcDownlinkSnr(gain, ue.phy->GetBandwidth()));
}

void
OfdmaCell::DeliverDcms()
{
    for (const auto& ue : m_ues)
    {
        ue->dcm = ue->dcms.Take(m_tti);
        if (m_ackDeletes && m_codes.HasAck(ue->dcm) && ue->buffer.IsHeadDelivered())
        {
            ue->buffer.Pop();
            ue->traffic->Remove(true);
        }
    }
}

void
OfdmaCell::Act(const uint16_t* actions)
{
    m_statistics.Count(OfdmaCounter::DECISION, m_ues.size());
    for (const auto& ue : m_ues)
    {
        const double coin = m_coin.Toss(OfdmaCoin::UE_DECISION_DELAY, ue->id, 0, m_tti);
        ue->decisions.Put(m_tti, m_delay.Invert(coin)) = *actions++;
        if (const auto* due = ue->decisions.Take(m_tti))
        {
            Act(*ue, due->tti, due->decision);
        }
        else
        {
            Act(*ue, m_tti, m_codes.Join({OfdmaCodes::HOLD, OfdmaCodes::UCM_NULL}));
        }
    }
}

void
OfdmaCell::Act(OfdmaUe& ue, uint32_t observed, uint16_t action)
{
    auto [access, ucm] = m_codes.Split(action);
    ue.access = CheckAccess(ue, access);
    ue.invalid = ue.access != access;
    const bool refused = ucm != OfdmaCodes::UCM_NULL && !HasUcmOpportunity(ue, observed);
    if (refused)
    {
        ucm = OfdmaCodes::UCM_NULL;
    }
    if (ue.invalid || refused)
    {
        m_statistics.Count(OfdmaCounter::INVALID);
    }
    ue.lastAction = m_codes.Join({ue.access, ucm});
    SendUcm(ue, ucm);
    if (ue.access >= OfdmaCodes::TRANSMIT)
    {
        m_statistics.Count(OfdmaCounter::TRANSMISSION);
        ue.phy->Transmit(ue.access - OfdmaCodes::TRANSMIT);
    }
}

uint16_t
OfdmaCell::CheckAccess(OfdmaUe& ue, uint16_t access) const
{
    return ue.buffer.GetSize() > 0 ? access : uint16_t(OfdmaCodes::HOLD);
}

void
OfdmaCell::SendUcm(OfdmaUe& ue, uint16_t ucm)
{
    if (ucm == OfdmaCodes::UCM_NULL)
    {
        return;
    }
    ue.lastUcm = ucm;
    m_statistics.Count(OfdmaCounter::UCM);
    m_statistics.Count(OfdmaCounter::UCM_BITS, m_codes.GetUcmBits(ucm));
    const bool lost =
        m_coin.Toss(OfdmaCoin::UCM_LOSS, ue.id, 0, m_tti) < m_controlLoss->GetProbability(ue.snr);
    if (!lost)
    {
        ue.ucms.Send(m_tti, ucm);
    }
    m_ucmTrace(ue.id, ucm, lost);
}

void
OfdmaCell::EndTti()
{
    NS_LOG_FUNCTION(this << m_tti);
    Receive();
    m_outcomes.clear();
    for (const auto& ue : m_ues)
    {
        m_outcomes.push_back(Conclude(*ue));
    }
    m_lastCounters = m_statistics.GetCounters();
    m_leaderUtility = m_proportionalFair ? CalcLeaderUtility() : CalcSharedUtility();
    m_followerUtilities.assign(m_ues.size(), CalcSharedUtility());
    for (std::size_t i = 0; m_ownUtilities && i < m_ues.size(); ++i)
    {
        m_followerUtilities[i] = CalcOwnUtility(*m_ues[i], m_outcomes[i]);
    }
}

void
OfdmaCell::Receive()
{
    const auto& receptions = m_bs->GetReceptions();
    for (uint32_t rbg = 0; rbg < receptions.size(); ++rbg)
    {
        const auto& [transmissions, decoded] = receptions[rbg];
        m_rbgDuplicates[rbg] = 0;
        if (decoded >= 0)
        {
            m_rbgOutcomes[rbg] = decoded;
            m_rbgDuplicates[rbg] = Decode(*m_byId[decoded]);
        }
        else if (transmissions > 0)
        {
            m_rbgOutcomes[rbg] = UNDECODABLE;
            m_statistics.Count(OfdmaCounter::COLLISION, transmissions > 1);
        }
        else
        {
            m_rbgOutcomes[rbg] = IDLE;
            m_statistics.Count(OfdmaCounter::IDLE, m_hadBacklog);
        }
    }
}

bool
OfdmaCell::Decode(OfdmaUe& ue)
{
    if (ue.buffer.IsHeadDelivered())
    {
        m_statistics.Count(OfdmaCounter::DUPLICATE);
        return true;
    }
    const uint32_t arrival = ue.buffer.GetHeadArrival();
    ue.buffer.MarkHeadDelivered();
    m_statistics.Deliver(ue.id, arrival, m_tti);
    m_statistics.Count(OfdmaCounter::DELIVERED_BIT, ue.phy->GetTransportBlockBits());
    m_deliveryTrace(ue.id, m_tti - arrival + 1);
    ue.traffic->Deliver();
    return false;
}

OfdmaOutcome
OfdmaCell::Conclude(OfdmaUe& ue)
{
    if (ue.invalid)
    {
        return OfdmaOutcome::INVALID;
    }
    if (ue.access == OfdmaCodes::HOLD)
    {
        return OfdmaOutcome::HELD;
    }
    if (ue.access == OfdmaCodes::DELETE)
    {
        const bool delivered = ue.buffer.IsHeadDelivered();
        ue.buffer.Pop();
        ue.traffic->Remove(delivered);
        if (delivered)
        {
            return OfdmaOutcome::DELETED_DELIVERED;
        }
        m_statistics.Lose();
        return OfdmaOutcome::DELETED_LOST;
    }
    const uint32_t rbg = ue.access - OfdmaCodes::TRANSMIT;
    const auto& [transmissions, decoded] = m_bs->GetReceptions()[rbg];
    if (decoded == ue.id)
    {
        return m_rbgDuplicates[rbg] ? OfdmaOutcome::DECODED_DUPLICATE : OfdmaOutcome::DECODED;
    }
    return transmissions > 1 && decoded < 0 ? OfdmaOutcome::COLLIDED : OfdmaOutcome::NOT_DECODED;
}

double
OfdmaCell::CalcSharedUtility() const
{
    const auto count = [this](OfdmaCounter counter) { return m_statistics.Get(counter); };
    const int32_t balance = count(OfdmaCounter::DELIVERED) - count(OfdmaCounter::DUPLICATE) -
                            count(OfdmaCounter::LOST) - count(OfdmaCounter::IDLE);
    return m_rho * balance - count(OfdmaCounter::COLLISION);
}

double
OfdmaCell::CalcLeaderUtility() const
{
    // Sums up over the episode to rho times the sum over UEs of ln(1 + deliveries).
    double fairness = 0;
    for (std::size_t i = 0; i < m_ues.size(); ++i)
    {
        if (m_outcomes[i] == OfdmaOutcome::DECODED)
        {
            const double delivered = m_statistics.GetDelivered()[m_ues[i]->id];
            fairness += std::log((1 + delivered) / delivered);
        }
    }
    const int32_t bits =
        m_statistics.Get(OfdmaCounter::UCM_BITS) + m_statistics.Get(OfdmaCounter::DCM_BITS);
    return m_rho * fairness - m_signallingCost * bits;
}

double
OfdmaCell::CalcOwnUtility(const OfdmaUe& ue, OfdmaOutcome outcome) const
{
    return m_rho * (outcome == OfdmaOutcome::DECODED) -
           m_transmissionCost * (ue.access >= OfdmaCodes::TRANSMIT);
}

uint32_t
OfdmaCell::GetTtis() const
{
    return m_ttis;
}

const OfdmaCodes&
OfdmaCell::GetCodes() const
{
    return m_codes;
}

Ptr<OfdmaBsPhy>
OfdmaCell::GetBs() const
{
    return m_bs;
}

Ptr<OfdmaUplinkChannel>
OfdmaCell::GetChannel() const
{
    return m_channel;
}

const std::vector<std::unique_ptr<OfdmaUe>>&
OfdmaCell::GetUes() const
{
    return m_ues;
}

uint32_t
OfdmaCell::GetUeTotal() const
{
    return m_byId.size();
}

bool
OfdmaCell::HasUcmOpportunity(const OfdmaUe& ue) const
{
    return HasUcmOpportunity(ue, m_tti);
}

bool
OfdmaCell::HasUcmOpportunity(const OfdmaUe& ue, uint32_t tti) const
{
    return (uint64_t(tti) + ue.id) % m_ucmPeriod == 0;
}

double
OfdmaCell::GetMeanSnrDb(const OfdmaUe& ue) const
{
    if (!m_hasRadio)
    {
        return std::numeric_limits<double>::quiet_NaN();
    }
    // A gain so small that it underflows to 0 has no level in dB.
    return std::max(10 * std::log10(ue.snrSum / ue.snrs), LEAST_SNR_DB);
}

const OfdmaStatistics&
OfdmaCell::GetStatistics() const
{
    return m_statistics;
}

const OfdmaStatistics::Counters&
OfdmaCell::GetLastCounters() const
{
    return m_lastCounters;
}

double
OfdmaCell::GetLeaderUtility() const
{
    return m_leaderUtility;
}

const std::vector<double>&
OfdmaCell::GetFollowerUtilities() const
{
    return m_followerUtilities;
}

const std::vector<OfdmaOutcome>&
OfdmaCell::GetOutcomes() const
{
    return m_outcomes;
}

const std::vector<int32_t>&
OfdmaCell::GetRbgOutcomes() const
{
    return m_rbgOutcomes;
}

const std::vector<uint8_t>&
OfdmaCell::GetRbgDuplicates() const
{
    return m_rbgDuplicates;
}

const std::vector<uint8_t>&
OfdmaCell::GetWouldDecode() const
{
    return m_wouldDecode;
}

double
OfdmaCell::GetBound() const
{
    return m_wantBound ? static_cast<double>(m_bound.Get())
                       : std::numeric_limits<double>::quiet_NaN();
}

} // namespace ns3
