using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial Flag kt_memory_trim();
}
