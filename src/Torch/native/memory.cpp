// A heap for large CPU tensors. Activations of the same sizes are freed and allocated again at every step; the C library
// returns blocks of that size to the system and faults every page in anew, a third of the CPU time of a small network's
// PGD step. Here freed blocks merge with their neighbours and wait for the next step, on huge pages where the system has them.
#include "guard.h"
#include "kdr_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

constexpr size_t smallest_block = size_t{64} << 10;
constexpr size_t page = size_t{4} << 10;
constexpr size_t huge_page = size_t{2} << 20;
constexpr size_t reservation = size_t{1} << 40;  // addresses, not memory

class TensorHeap final : public c10::Allocator {
 public:
  TensorHeap(char* base, size_t size, c10::Allocator* small) : base_(base), limit_(base + size), top_(base), small_(small) {}

  // libtorch declares allocate const up to some 2.x and not const after: one of the two overrides it. copy_data is new there.
  c10::DataPtr allocate(size_t bytes) { return take(bytes); }
  c10::DataPtr allocate(size_t bytes) const { return const_cast<TensorHeap*>(this)->take(bytes); }
  void copy_data(void* target, const void* source, size_t bytes) const { std::memcpy(target, source, bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &TensorHeap::release; }

  void figures(int64_t& in_use, int64_t& peak, int64_t& extent) {
    std::lock_guard<std::mutex> lock(mutex_);
    in_use = in_use_;
    peak = peak_;
    extent = top_ - base_;
  }

  void trim() {
    std::lock_guard<std::mutex> lock(mutex_);
#if defined(__linux__)
    for (const auto& [size, address] : free_) madvise(address, size, MADV_DONTNEED);
#endif
  }

 private:
  using Blocks = std::map<char*, std::pair<size_t, bool>>;  // address -> size, free

  c10::DataPtr take(size_t bytes) {
    if (bytes >= smallest_block) {
      if (char* block = find((bytes + page - 1) / page * page)) return {block, block, &TensorHeap::release, c10::Device(c10::kCPU)};
    }
    return small_->allocate(bytes);
  }

  // The smallest free block that is large enough, cut to size; else a new one at the end. Null when the addresses are used up.
  char* find(size_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto fit = free_.lower_bound({size, nullptr});
    char* address = nullptr;
    if (fit != free_.end()) {
      address = fit->second;
      const size_t rest = fit->first - size;
      free_.erase(fit);
      blocks_[address] = {size, false};
      if (rest > 0) {
        blocks_[address + size] = {rest, true};
        free_.insert({rest, address + size});
      }
    } else {
      address = top_;
      if (!blocks_.empty() && blocks_.rbegin()->second.second) {
        address = blocks_.rbegin()->first;
        free_.erase({blocks_.rbegin()->second.first, address});
      }
      if (size > static_cast<size_t>(limit_ - address)) {
        if (address != top_) free_.insert({top_ - address, address});
        return nullptr;
      }
      blocks_[address] = {size, false};
      top_ = address + size;
    }
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
    return address;
  }

  void give(char* address) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto block = blocks_.find(address);
    in_use_ -= block->second.first;
    block->second.second = true;
    if (auto next = std::next(block); next != blocks_.end() && next->second.second) merge(block, next);
    if (block != blocks_.begin()) {
      if (auto before = std::prev(block); before->second.second) {
        free_.erase({before->second.first, before->first});
        before->second.first += block->second.first;
        blocks_.erase(block);
        block = before;
      }
    }
    free_.insert({block->second.first, block->first});
  }

  void merge(Blocks::iterator block, Blocks::iterator next) {
    free_.erase({next->second.first, next->first});
    block->second.first += next->second.first;
    blocks_.erase(next);
  }

  static void release(void* pointer);

  char* const base_;
  char* const limit_;
  char* top_;
  c10::Allocator* const small_;
  std::mutex mutex_;
  Blocks blocks_;
  std::set<std::pair<size_t, char*>> free_;
  int64_t in_use_ = 0, peak_ = 0;
};

// Never destroyed: tensors may be freed while the process ends.
TensorHeap* heap = nullptr;
std::mutex heap_mutex;

void TensorHeap::release(void* pointer) {
  char* address = static_cast<char*>(pointer);
  if (address >= heap->base_ && address < heap->limit_) heap->give(address);
  else heap->small_->raw_deleter()(pointer);
}

}  // namespace

int32_t kt_memory_use_heap(void) {
#if defined(__linux__)
  KT_GUARD("use_heap", (), 0,
    std::lock_guard<std::mutex> lock(heap_mutex);
    if (heap != nullptr) return 1;
    void* range = mmap(nullptr, reservation, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return 0;
    const size_t ahead = (huge_page - reinterpret_cast<uintptr_t>(range) % huge_page) % huge_page;
    char* base = static_cast<char*>(range) + ahead;
    madvise(base, reservation - huge_page, MADV_HUGEPAGE);
    madvise(base, reservation - huge_page, MADV_DONTDUMP);
    heap = new TensorHeap(base, reservation - huge_page, c10::GetCPUAllocator());
    c10::SetCPUAllocator(heap, 1);
    return 1)
#else
  return 0;
#endif
}

int32_t kt_memory_figures(int64_t* in_use, int64_t* peak, int64_t* extent) {
  *in_use = *peak = *extent = 0;
  if (heap != nullptr) heap->figures(*in_use, *peak, *extent);
  return 0;
}

int32_t kt_memory_trim(void) {
  if (heap != nullptr) heap->trim();
  return 0;
}
