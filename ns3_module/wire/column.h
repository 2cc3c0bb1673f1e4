// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_COLUMN_H
#define LLMAC_COLUMN_H

#include "fault.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace llmac
{

/// \return the DType of a C++ type
template <typename T>
constexpr v1::DType GetDType();

/// \cond
template <>
constexpr v1::DType
GetDType<uint8_t>()
{
    return v1::DTYPE_UINT8;
}

template <>
constexpr v1::DType
GetDType<uint16_t>()
{
    return v1::DTYPE_UINT16;
}

template <>
constexpr v1::DType
GetDType<uint32_t>()
{
    return v1::DTYPE_UINT32;
}

template <>
constexpr v1::DType
GetDType<int32_t>()
{
    return v1::DTYPE_INT32;
}

template <>
constexpr v1::DType
GetDType<uint64_t>()
{
    return v1::DTYPE_UINT64;
}

template <>
constexpr v1::DType
GetDType<float>()
{
    return v1::DTYPE_FLOAT32;
}

template <>
constexpr v1::DType
GetDType<double>()
{
    return v1::DTYPE_FLOAT64;
}

/// \endcond

/**
 * \brief A column while it is being written
 *
 * Its memory is used again in each message.
 */
template <typename T>
class ColumnWriter
{
  public:
    /// Append a value.
    void Add(T value)
    {
        m_values.push_back(value);
    }

    /// Append values.
    template <typename Iterator>
    void Add(Iterator first, Iterator last)
    {
        m_values.insert(m_values.end(), first, last);
    }

    /// Move the values into a column of a message.
    void Finish(v1::Column* column)
    {
        column->set_dtype(GetDType<T>());
        column->set_length(static_cast<uint32_t>(m_values.size()));
        // Into the memory that the column has; set_data copies by way of a string of its own.
        column->mutable_data()->assign(reinterpret_cast<const char*>(m_values.data()),
                                       m_values.size() * sizeof(T));
        m_values.clear();
    }

  private:
    std::vector<T> m_values; //!< so far
};

/**
 * \param column as received
 * \param name for the sentence of a fault
 * \param values get its values; their memory is used again
 * \throw Fault FAULT_BAD_COLUMN when the dtype is not T's or the length is not that of the data
 */
template <typename T>
void
ReadColumn(const v1::Column& column, const char* name, std::vector<T>& values)
{
    if (column.dtype() != GetDType<T>())
    {
        throw Fault(v1::FAULT_BAD_COLUMN,
                    std::string(name) + " has " + v1::DType_Name(GetDType<T>()) + ", not dtype " +
                        std::to_string(column.dtype()));
    }
    if (column.data().size() != column.length() * sizeof(T))
    {
        throw Fault(v1::FAULT_BAD_COLUMN,
                    std::string(name) + ": " + std::to_string(column.data().size()) +
                        " bytes are not " + std::to_string(column.length()) + " values of " +
                        std::to_string(sizeof(T)) + " bytes");
    }
    values.resize(column.length());
    if (!values.empty())
    {
        std::memcpy(values.data(), column.data().data(), column.data().size());
    }
}

/**
 * \param values of a column
 * \param expected number of them
 * \param name for the sentence of a fault
 * \throw Fault FAULT_BAD_COLUMN when there are more or fewer
 */
template <typename T>
void
CheckLength(const std::vector<T>& values, std::size_t expected, const char* name)
{
    if (values.size() != expected)
    {
        throw Fault(v1::FAULT_BAD_COLUMN,
                    std::string(name) + " has " + std::to_string(expected) + " values, not " +
                        std::to_string(values.size()));
    }
}

} // namespace llmac

#endif // LLMAC_COLUMN_H
