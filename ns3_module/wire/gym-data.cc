// SPDX-License-Identifier: GPL-2.0-only
#include "gym-data.h"

#include "fault.h"

namespace llmac
{

namespace gym = ns3opengym;

void
GymSpaces::AddDiscrete(const std::string& name, int32_t n)
{
    gym::DiscreteSpace space;
    space.set_n(n);
    auto& element = *m_spaces.add_element();
    element.set_type(gym::SPACE_DISCRETE);
    element.set_name(name);
    element.mutable_space()->PackFrom(space);
}

void
GymSpaces::AddBox(const std::string& name,
                  gym::Dtype dtype,
                  double low,
                  double high,
                  std::size_t size)
{
    gym::BoxSpace space;
    space.set_dtype(dtype);
    space.set_low(static_cast<float>(low));
    space.set_high(static_cast<float>(high));
    space.add_shape(size);
    auto& element = *m_spaces.add_element();
    element.set_type(gym::SPACE_BOX);
    element.set_name(name);
    element.mutable_space()->PackFrom(space);
}

gym::SpaceDescription
GymSpaces::Describe() const
{
    gym::SpaceDescription description;
    description.set_type(gym::SPACE_DICT);
    description.mutable_space()->PackFrom(m_spaces);
    return description;
}

gym::BoxDataContainer
GymWriter::Shape(gym::Dtype dtype, std::size_t size)
{
    gym::BoxDataContainer box;
    box.set_dtype(dtype);
    box.add_shape(size);
    return box;
}

void
GymWriter::Add(const std::string& name, gym::SpaceType type, const google::protobuf::Message& value)
{
    auto& element = *m_values.add_element();
    element.set_type(type);
    element.set_name(name);
    element.mutable_data()->PackFrom(value);
}

void
GymWriter::AddDiscrete(const std::string& name, int32_t value)
{
    gym::DiscreteDataContainer data;
    data.set_data(value);
    Add(name, gym::SPACE_DISCRETE, data);
}

void
GymWriter::AddBox(const std::string& name, const std::vector<int32_t>& values)
{
    auto box = Shape(gym::DTYPE_INT, values.size());
    box.mutable_intdata()->Add(values.begin(), values.end());
    Add(name, gym::SPACE_BOX, box);
}

void
GymWriter::AddBox(const std::string& name, const std::vector<uint32_t>& values)
{
    auto box = Shape(gym::DTYPE_UINT, values.size());
    box.mutable_uintdata()->Add(values.begin(), values.end());
    Add(name, gym::SPACE_BOX, box);
}

void
GymWriter::AddBox(const std::string& name, const std::vector<float>& values)
{
    auto box = Shape(gym::DTYPE_FLOAT, values.size());
    box.mutable_floatdata()->Add(values.begin(), values.end());
    Add(name, gym::SPACE_BOX, box);
}

void
GymWriter::Finish(gym::DataContainer& container)
{
    container.set_type(gym::SPACE_DICT);
    container.mutable_data()->PackFrom(m_values);
    m_values.Clear();
}

namespace
{

/// \return the box of this name in a dictionary
gym::BoxDataContainer
FindBox(const gym::DataContainer& container, const std::string& name)
{
    gym::DictDataContainer values;
    if (container.type() != gym::SPACE_DICT || !container.data().UnpackTo(&values))
    {
        throw Fault(v1::FAULT_BAD_COLUMN, "an action is a dictionary");
    }
    for (const auto& element : values.element())
    {
        gym::BoxDataContainer box;
        if (element.name() == name && element.type() == gym::SPACE_BOX &&
            element.data().UnpackTo(&box))
        {
            return box;
        }
    }
    throw Fault(v1::FAULT_BAD_COLUMN, "the action has no box \"" + name + "\"");
}

/// \return the values of a box as codes
template <typename Values>
std::vector<uint16_t>
CheckCodes(const Values& values, const std::string& name, std::size_t size, uint32_t codes)
{
    if (static_cast<std::size_t>(values.size()) != size)
    {
        throw Fault(v1::FAULT_BAD_COLUMN,
                    name + " has " + std::to_string(size) + " values, not " +
                        std::to_string(values.size()));
    }
    for (int64_t value : values)
    {
        if (value < 0 || value >= codes)
        {
            throw Fault(v1::FAULT_BAD_CODE,
                        name + " has a " + std::to_string(value) + ", and its codes are 0 to " +
                            std::to_string(codes - 1));
        }
    }
    return {values.begin(), values.end()};
}

} // namespace

std::vector<uint16_t>
ReadGymCodes(const gym::DataContainer& container,
             const std::string& name,
             std::size_t size,
             uint32_t codes)
{
    const auto box = FindBox(container, name);
    switch (box.dtype())
    {
    case gym::DTYPE_UINT:
        return CheckCodes(box.uintdata(), name, size, codes);
    case gym::DTYPE_INT:
        return CheckCodes(box.intdata(), name, size, codes);
    default:
        throw Fault(v1::FAULT_BAD_COLUMN, name + " is a box of UINT or INT");
    }
}

} // namespace llmac
