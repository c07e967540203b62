// Runs a fuzz target without libFuzzer: every seed whole, cut at every byte, and with bytes changed. The changes come
// from a fixed sequence, so a failure comes back in the next run. Arguments: files and folders of seeds.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t longest_cut = 2048;
constexpr int changes_per_seed = 512;

using Bytes = std::vector<std::uint8_t>;

void run(const Bytes& bytes) {
    const Bytes exact(bytes);  // no spare capacity, so that a read past the end is seen
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::uint32_t next_number(std::uint32_t& state) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void run_changed(const Bytes& seed) {
    static constexpr std::uint8_t telling[] = {0,   '\r', '\n', ' ', '\t', ':',  ';',  ',',
                                               '"', '\\', '%',  '/', '0',  0x7f, 0x80, 0xff};
    std::uint32_t state = 2463534242u;
    for (int round = 0; round < changes_per_seed && !seed.empty(); round++) {
        Bytes changed = seed;
        const int count = 1 + static_cast<int>(next_number(state) % 4);
        for (int i = 0; i < count && !changed.empty(); i++) {
            const std::size_t at = next_number(state) % changed.size();
            const std::uint8_t byte = telling[next_number(state) % sizeof telling];
            switch (next_number(state) % 4) {
                case 0: changed[at] = byte; break;
                case 1: changed[at] = static_cast<std::uint8_t>(next_number(state)); break;
                case 2: changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at)); break;
                default: changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), byte); break;
            }
        }
        run(changed);
    }
}

void run_seed(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const Bytes seed((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    run(seed);
    for (std::size_t cut = 0; cut < seed.size() && cut < longest_cut; cut++)
        run(Bytes(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(cut)));
    if (seed.size() <= longest_cut) run_changed(seed);
}

}  // namespace

int main(int argc, char** argv) {
    int seeds = 0;
    run({});
    for (int i = 1; i < argc; i++) {
        const std::filesystem::path path(argv[i]);
        if (!std::filesystem::exists(path)) {
            std::fprintf(stderr, "no seeds: %s does not exist\n", argv[i]);
            return 1;
        }
        if (!std::filesystem::is_directory(path)) {
            run_seed(path);
            seeds++;
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            if (!entry.is_regular_file()) continue;
            run_seed(entry.path());
            seeds++;
        }
    }
    if (seeds == 0) {
        std::fprintf(stderr, "no seeds were given\n");
        return 1;
    }
    std::printf("%d seeds played\n", seeds);
    return 0;
}
