using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial int kt_memory_figures(out long in_use, out long peak, out long extent);
    [LibraryImport(Library)] internal static partial int kt_memory_trim();
}
