#pragma once
// The body that a set of options carries (Q04): text, bytes, JSON, a file, or a function that is asked for it.

#include <memory>

#include "base/foreign.h"
#include "base/ref.h"
#include "conn/body_source.h"
#include "xh/options.h"

namespace xh::client {

enum class BodyForm : uint8_t { Text, Bytes, Json, File, Pull };

/// Immutable once made; shared by the requests of a set of options.
class Body final : public base::Counted {
public:
    /// The last two take over what they are given only when they return: nothing is destroyed when memory is out.
    static base::Ref<Body> copied(BodyForm form, std::string_view bytes);
    static base::Ref<Body> borrowed(std::string_view bytes, void* user_data, xh_destroy_fn release);
    static base::Ref<Body> pulled(xh_body_pull_fn pull, int64_t length, void* user_data, xh_destroy_fn destroy);

    BodyForm form() const noexcept { return form_; }
    bool is_pulled() const noexcept { return form_ == BodyForm::Pull; }
    std::string_view bytes() const noexcept { return view_; }
    /// A pulled body feeds one request: true for the first caller only.
    bool claim() noexcept { return !claimed_.exchange(true); }
    /// The request was refused: it has taken nothing.
    void unclaim() noexcept { claimed_.store(false); }
    /// What the content-type is when no header says it; `encoding` is that of a text.
    base::String content_type(std::string_view encoding) const;

private:
    friend class PullSource;
    explicit Body(BodyForm form) noexcept : form_(form) {}
    BodyForm form_;
    base::String bytes_;
    std::string_view view_;
    base::Foreign owner_;
    xh_body_pull_fn pull_ = nullptr;
    int64_t length_ = -1;
    std::atomic<bool> claimed_{false};
};

/// Opens the bytes of a body for one request. `encoded` receives a text that is not sent in UTF-8 and must outlive the source.
/// @return XH_OK; XH_E_UNENCODABLE, XH_E_UNKNOWN_ENCODING, XH_E_FILE (error->os_error), XH_E_BODY_USED
xh_status open_body(const base::Ref<Body>& body, std::string_view encoding, base::String& encoded,
                    std::unique_ptr<conn::BodySource>& out, base::Error& error);

}  // namespace xh::client
