#pragma once
// 4D's request (Q): sent when it is made, told through events, over as many hops as redirects and authentication take.

#include <memory>

#include "base/parking.h"
#include "base/url.h"
#include "client/exchange.h"
#include "client/incoming_body.h"

namespace xh::proto {
class HeadWriter;
}

namespace xh::client {

/// One event on its way to the application.
struct RequestEvent {
    int32_t type = 0;  ///< XH_EVENT_*
    std::string_view data;
    base::Buffer* buffer = nullptr;  ///< holds `data`, for keeping it
    int32_t status = 0;
    int64_t bytes = -1;
    int64_t total = -1;
    const base::Error* error = nullptr;
};

class Request : public base::Counted,
                private loop::Mail,
                private loop::Resident,
                private ExchangeSink,
                private DataTaker {
public:
    /// Checks everything that can be checked before anything is sent.
    xh_status prepare(std::string_view url, base::Error& error);
    /// Hands it to its loop.
    void launch();

    // --- any thread ---
    void terminate() noexcept;
    void fail_by_application(xh_status status, std::string_view text) noexcept;
    void pause() noexcept { held_by_application_.store(true, std::memory_order_release); }
    void resume() noexcept;
    xh_status consume(std::size_t bytes) noexcept;
    void resume_body() noexcept {
        if (!terminated()) loop_->post(*this, kResumeBody);
    }
    xh_status wait(int64_t timeout_ms);
    bool terminated() const noexcept { return terminated_.load(std::memory_order_acquire); }
    xh_status check() const noexcept { return loop_->check(); }
    const base::Ref<loop::Loop>& loop() const noexcept { return loop_; }

    uint64_t id() const noexcept { return id_; }
    const Options& options() const noexcept { return *options_; }
    /// As given, without credentials.
    std::string_view url_text() const noexcept { return url_.href(); }
    std::string_view protocol() const noexcept;
    Response* response() const noexcept { return response_public_.load(std::memory_order_acquire); }
    const base::ErrorList* errors() const noexcept {
        if (!errors_public_.load(std::memory_order_acquire)) return nullptr;
        return errors_.empty() ? no_memory_ : &errors_;
    }
    std::string_view proxy_answer() const noexcept {
        return errors_public_.load(std::memory_order_acquire) ? std::string_view(proxy_answer_) : std::string_view();
    }
    std::size_t hop_count() const noexcept { return hop_count_.load(std::memory_order_acquire); }
    const Hop* hop(std::size_t index) const noexcept;

protected:
    /// `wanted`: bits 1 << XH_EVENT_*; other events are not made.
    Request(base::Ref<const Options> options, uint32_t wanted);
    ~Request() override;

    /// Tells the application; does not throw.
    virtual void on_event(const RequestEvent& event) noexcept = 0;
    /// After the last event: user data may go.
    virtual void on_ended() noexcept = 0;

private:
    enum : uint32_t { kStart = 1, kEnd = 2, kResume = 4, kConsume = 8, kResumeBody = 16 };
    /// What happens when the present answer has been read.
    enum class Next : uint8_t { Deliver, Redirect, Authenticate };

    // request.cpp: life
    void on_mail(uint32_t bits) override;
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
    void on_shutdown() override;
    void start();
    /// An empty list is "out of memory"; then nothing here needs any.
    void end(base::ErrorList errors);
    /// Runs a step; when memory is out the request ends.
    template <class F>
    void guarded(F&& step) noexcept {
        try {
            step();
        } catch (const std::bad_alloc&) {
            end(base::ErrorList());
        }
    }
    void end(base::Error error);
    void end_by_application();
    void succeed();
    /// Tells the errors what only the request knows: the hop, whether it had left, whether it may be sent again.
    void describe(base::ErrorList& errors) const;
    void finish();
    // request_log.cpp
    void log_start() noexcept;
    void log_step(std::string_view what, std::string_view url) noexcept;
    void log_end() noexcept;
    void emit(const RequestEvent& event);
    bool wants(int32_t type) const noexcept { return (wanted_ & (1u << type)) != 0; }
    bool ending() const noexcept { return ending_.load(std::memory_order_acquire); }
    static void total_expired(void* self);

    // request_hops.cpp: one hop after the other
    void next_hop(bool fresh);
    xh_status choose_route(base::Error& error);
    void on_exchange_information(const proto::Head& head) override;
    BodyVerdict on_exchange_head(const proto::Head& head) override;
    std::size_t on_exchange_body(const char* data, std::size_t n, BodyVerdict& verdict) override;
    void on_exchange_trailers(const proto::HeaderSpan* fields, uint32_t count, const char* data) override;
    void on_exchange_sent() override;
    void on_exchange_end() override;
    void on_exchange_failed(base::ErrorList errors, bool stale) override;
    void on_exchange_proxy_answer(std::string_view answer) override { proxy_answer_ = base::to_string(answer); }
    bool holds_up() const noexcept override { return held_by_application_.load(std::memory_order_acquire); }
    bool plan_redirect(const proto::Head& head);
    bool plan_authentication(const proto::Head& head);
    void follow_redirect();
    void complete();
    void keep_cookies(const proto::Head& head);
    bool skim(const proto::Head& head);
    static void skim_expired(void* self);
    const base::Url& target() const noexcept { return hop_url_ ? *hop_url_ : url_; }

    // request_file.cpp: the body as a file
    /// Opens what XH_OPT_OUTPUT_FILE names; XH_E_OPTION_CONFLICT, XH_E_FILE.
    xh_status prepare_output(base::Error& error);
    void write_range(proto::HeadWriter& head) const;
    /// A 416 to what was kept of an earlier attempt: it is forgotten, the request is made once more. false when the 416 says
    /// that nothing is missing, too.
    bool starts_again(const proto::Head& head);
    /// The final head has come: makes the file ready for a body that belongs into it.
    bool open_output(const proto::Head& head, BodyWay& way, base::Error& error);

    // request_head.cpp: what is sent
    xh_status write_head(base::String& out, bool reusable) override;
    xh_status authorize(proto::Authenticator* who, std::string_view uri, base::String& value);
    bool drops(const HeaderField& field) const noexcept;
    bool is_secret(std::string_view name) const noexcept;
    void trace_head(char mark, std::string_view head);

    // DataTaker
    void on_body_data(std::string_view data, base::Buffer* buffer) override;
    bool data_stopped() const noexcept override {
        return held_by_application_.load(std::memory_order_acquire) || ending();
    }

    base::Ref<const Options> options_;
    base::Ref<loop::Loop> loop_;
    base::Ref<agent::Agent> agent_;
    const uint32_t wanted_;
    const uint64_t id_;
    int64_t made_ns_ = 0;

    // the request as it stands now
    base::Url url_;
    std::unique_ptr<base::Url> hop_url_;  // after a redirect
    base::String encoded_body_;
    std::unique_ptr<conn::BodySource> body_;
    std::string_view method_;
    int64_t announced_length_ = -1;  // of the body, from its source or the application's header
    base::Ref<const agent::Profile> profile_;
    bool absolute_target_ = false;  // a proxy that is not tunnelled through
    bool crossed_origin_ = false;
    bool dropped_body_ = false;
    bool expect_continue_ = false;
    std::unique_ptr<proto::Authenticator> server_auth_;
    std::unique_ptr<proto::Authenticator> proxy_auth_;
    base::String location_;
    int32_t redirects_ = 0;
    int32_t auth_rounds_ = 0;
    bool retried_stale_ = false;
    Next next_ = Next::Deliver;
    uint64_t skimmed_ = 0;

    Exchange exchange_;
    IncomingBody incoming_;
    std::unique_ptr<FileSink> file_;
    int64_t announced_answer_ = -1;
    int64_t given_ = 0;
    bool body_ended_ = false;  // the message has ended; the application holds the rest up
    loop::Timer total_timer_;
    loop::Timer skim_timer_;

    Hop first_hop_;
    Hop* hop_ = nullptr;
    base::Ref<Response> response_;
    base::ErrorList errors_;
    const base::ErrorList* no_memory_;  // stands for an empty errors_: made before it is needed
    base::String proxy_answer_;

    std::atomic<Response*> response_public_{nullptr};
    std::atomic<bool> errors_public_{false};
    std::atomic<std::size_t> hop_count_{0};
    std::atomic<bool> held_by_application_{false};
    std::atomic<bool> ending_{false};
    std::atomic<std::size_t> consumed_{0};
    std::atomic<base::Error*> failure_{nullptr};
    std::atomic<bool> failed_without_memory_{false};
    std::atomic<bool> terminated_{false};
    std::atomic<bool> ended_{false};
    bool finished_ = false;
    base::Live<XH_LIVE_HANDLES> live_;
};

}  // namespace xh::client
