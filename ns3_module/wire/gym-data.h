// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_GYM_DATA_H
#define LLMAC_GYM_DATA_H

#include "ns3opengym/messages.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace llmac
{

/**
 * \brief A dictionary of boxes and discrete values, as ns3-gym describes and carries it
 *
 * Only what a cell has to say and to hear: each box has one row of values.
 */
class GymSpaces
{
  public:
    /// Add a discrete space of the values 0 to n - 1.
    void AddDiscrete(const std::string& name, int32_t n);
    /// Add a box of `size` values of the closed range.
    void AddBox(const std::string& name,
                ns3opengym::Dtype dtype,
                double low,
                double high,
                std::size_t size);
    /// \return the whole as a space
    ns3opengym::SpaceDescription Describe() const;

  private:
    ns3opengym::DictSpace m_spaces; //!< so far
};

/**
 * \brief A value of such a dictionary while it is being written
 */
class GymWriter
{
  public:
    /// Add a discrete value.
    void AddDiscrete(const std::string& name, int32_t value);
    /// \name Add a box
    ///@{
    void AddBox(const std::string& name, const std::vector<int32_t>& values);
    void AddBox(const std::string& name, const std::vector<uint32_t>& values);
    void AddBox(const std::string& name, const std::vector<float>& values);
    ///@}
    /// Move the whole into a container; the writer is empty afterwards.
    void Finish(ns3opengym::DataContainer& container);

  private:
    /// \return the box of the values' shape, to be filled and added
    static ns3opengym::BoxDataContainer Shape(ns3opengym::Dtype dtype, std::size_t size);
    /// Add a value.
    void Add(const std::string& name,
             ns3opengym::SpaceType type,
             const google::protobuf::Message& value);

    ns3opengym::DictDataContainer m_values; //!< so far
};

/**
 * \param container a dictionary of boxes
 * \param name of one of them
 * \param size number of values that it has to have
 * \param codes its values have to be less than this
 * \return its values, sent as UINT or INT
 * \throw Fault FAULT_BAD_COLUMN or FAULT_BAD_CODE
 */
std::vector<uint16_t> ReadGymCodes(const ns3opengym::DataContainer& container,
                                   const std::string& name,
                                   std::size_t size,
                                   uint32_t codes);

} // namespace llmac

#endif // LLMAC_GYM_DATA_H
