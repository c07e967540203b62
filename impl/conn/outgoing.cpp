#include "conn/outgoing.h"

#include "proto/http1_writer.h"

namespace xh::conn {

void Outgoing::start(std::string_view head, BodySource* body, int64_t length, bool hold_body) {
    head_ = head;
    before_.clear();
    before_at_ = 0;
    data_ = {};
    after_ = 0;
    body_ = body;
    announced_ = length;
    sent_ = body_sent_ = 0;
    chunked_ = body && length < 0;
    held_ = hold_body && body;
    ended_ = body == nullptr;
    active_ = true;
}

void Outgoing::stop() noexcept {
    active_ = false;
    body_ = nullptr;
    head_ = data_ = {};
}

Supply Outgoing::next_piece() {
    std::string_view data;
    Supply supply = body_->peek(data);
    if (supply == Supply::Data) {
        data_ = data;
        if (chunked_) {
            char line[proto::kMaxChunkLine];
            before_.append(line, proto::write_chunk_line(line, data.size()));
            after_ = proto::kCrLf.size();
        }
    } else if (supply == Supply::End) {
        ended_ = true;
        if (chunked_) before_.append(proto::kLastChunk);
    }
    return supply;
}

void Outgoing::account(std::size_t n) {
    sent_ += n;
    auto eat = [&n](std::size_t have) {
        std::size_t part = n < have ? n : have;
        n -= part;
        return part;
    };
    head_.remove_prefix(eat(head_.size()));
    before_at_ += eat(before_.size() - before_at_);
    if (before_at_ == before_.size()) {
        before_.clear();
        before_at_ = 0;
    }
    if (std::size_t part = eat(data_.size())) {
        body_sent_ += part;
        data_.remove_prefix(part);
        body_->take(part);
        // take() may invalidate the view, so the rest of this piece is asked for again; its chunk goes on.
        if (!data_.empty()) {
            std::size_t left = data_.size();
            std::string_view again;
            if (body_->peek(again) == Supply::Data) data_ = again.substr(0, left);
        }
    }
    after_ -= eat(after_);
}

SendState Outgoing::flush(net::Transport& transport) {
    SendState state = flush_once(transport);
    waiting_ = state == SendState::Waiting;
    return state;
}

SendState Outgoing::flush_once(net::Transport& transport) {
    if (!active_) return SendState::Idle;
    std::size_t share = kTurnShare;
    for (;;) {
        SendState idle = SendState::Done;
        if (data_.empty() && after_ == 0 && !ended_) {
            Supply supply = held_ ? Supply::Wait : next_piece();
            if (supply == Supply::Failed) return SendState::SourceFailed;
            if (supply == Supply::Wait) idle = SendState::Waiting;
            if (announced_ >= 0 && !held_) {
                uint64_t total = body_sent_ + data_.size();
                if (total > static_cast<uint64_t>(announced_) || (ended_ && total != static_cast<uint64_t>(announced_)))
                    return SendState::Mismatch;
            }
        }
        iovec pieces[4];
        int count = 0;
        std::size_t wanted = 0;
        auto add = [&](std::string_view bytes) {
            if (bytes.empty()) return;
            pieces[count].iov_base = const_cast<char*>(bytes.data());
            pieces[count++].iov_len = bytes.size();
            wanted += bytes.size();
        };
        add(head_);
        add(std::string_view(before_).substr(before_at_));
        add(data_);
        add(proto::kCrLf.substr(proto::kCrLf.size() - after_));
        if (wanted == 0) {
            if (idle == SendState::Done) active_ = false;
            return idle;
        }
        net::IoResult result = transport.write(pieces, count);
        if (result.state == net::IoState::Failed) return SendState::SendFailed;
        account(result.state == net::IoState::Ok ? result.bytes : 0);
        if (result.state != net::IoState::Ok || result.bytes < wanted) {
            if (!head_.empty()) {
                // The head lives in the loop's scratch, which the next message will overwrite.
                before_.insert(0, head_.data(), head_.size());
                head_ = {};
            }
            return SendState::Blocked;
        }
        if (idle == SendState::Waiting) return idle;
        if (ended_ && data_.empty() && before_.empty() && after_ == 0) {
            active_ = false;
            return SendState::Done;
        }
        share -= wanted < share ? wanted : share;
        if (share == 0) return SendState::Yield;
    }
}

}  // namespace xh::conn
