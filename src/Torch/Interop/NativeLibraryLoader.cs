using System.Reflection;
using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

/// <summary>
/// Finds and loads <c>libkdr_torch.so</c>, once: the file or folder named by KDR_TORCH_NATIVE, else the application's folder,
/// else <c>artifacts/native/&lt;libtorch version&gt;/</c> in the nearest folder above it that has one (the newest build when
/// there are several). What was found must load, speak this assembly's ABI, and run on the libtorch it was built with.
/// </summary>
internal static class NativeLibraryLoader
{
    internal const string Variable = "KDR_TORCH_NATIVE";
    internal const string FileName = "libkdr_torch.so";
    private static readonly Lock Gate = new();
    private static IntPtr loaded;

    /// <summary>The file that was loaded; null before the first use.</summary>
    internal static string? LoadedFile { get; private set; }

    /// <summary>Whether large tensors come from the heap that keeps freed memory.</summary>
    internal static bool KeepsFreedMemory { get; private set; }

    internal static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Native.Library) return IntPtr.Zero;
        lock (Gate)
        {
            if (loaded == IntPtr.Zero)
            {
                var file = Find(Environment.GetEnvironmentVariable(Variable), AppContext.BaseDirectory);
                loaded = Load(file);
                LoadedFile = file;
                KeepsFreedMemory = Environment.GetEnvironmentVariable(HostMemory.Variable) != "system" && KeepFreedMemory(loaded);
            }

            return loaded;
        }
    }

    /// <summary>The library file to load.</summary>
    /// <exception cref="NativeLibraryException">There is none; the message lists where it was looked for.</exception>
    internal static string Find(string? named, string applicationFolder)
    {
        if (!string.IsNullOrEmpty(named))
        {
            var file = Directory.Exists(named) ? Path.Combine(named, FileName) : named;
            return File.Exists(file)
                ? Path.GetFullPath(file)
                : throw new NativeLibraryException($"{Variable} is '{named}', but there is no file '{file}'. Point it at {FileName} or its folder, or unset it.");
        }

        var beside = Path.Combine(applicationFolder, FileName);
        if (File.Exists(beside)) return beside;
        for (var folder = new DirectoryInfo(applicationFolder); folder is not null; folder = folder.Parent)
        {
            var builds = Path.Combine(folder.FullName, "artifacts", "native");
            if (!Directory.Exists(builds)) continue;
            var newest = Directory.GetDirectories(builds)
                .Select(version => new FileInfo(Path.Combine(version, FileName)))
                .Where(file => file.Exists && !file.Directory!.Name.StartsWith('.'))
                .MaxBy(file => file.LastWriteTimeUtc);
            if (newest is not null) return newest.FullName;
        }

        throw new NativeLibraryException(
            $"{FileName}, the native half of KdRobust.Torch, was not found: not in {applicationFolder}, and no artifacts/native/<libtorch version>/ above it has one. "
            + $"Install libtorch (apt-get install libtorch-dev) and run src/Torch/native/build.sh, or name the file in {Variable}.");
    }

    /// <summary>Loads a library file and checks that it fits.</summary>
    /// <exception cref="NativeLibraryException">It does not load, or has another ABI, or runs on another libtorch than it was built with.</exception>
    internal static IntPtr Load(string file)
    {
        IntPtr library;
        try
        {
            library = NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new NativeLibraryException(
                $"{file} does not load: {e.Message.ReplaceLineEndings(" ").Trim()} "
                + "If libtorch was removed, moved or upgraded since, run src/Torch/native/build.sh again.", e);
        }

        try
        {
            CheckVersions(library, file);
            return library;
        }
        catch
        {
            NativeLibrary.Free(library);
            throw;
        }
    }

    private static unsafe bool KeepFreedMemory(IntPtr library) =>
        NativeLibrary.TryGetExport(library, "kt_memory_use_heap", out var keep) && ((delegate* unmanaged<int>)keep)() == 1;

    private static unsafe void CheckVersions(IntPtr library, string file)
    {
        if (!NativeLibrary.TryGetExport(library, "kt_abi_version", out var abi))
            throw new NativeLibraryException($"{file} is not the native half of KdRobust.Torch (it lacks kt_abi_version). Run src/Torch/native/build.sh.");
        var version = ((delegate* unmanaged<int>)abi)();
        if (version != Native.AbiVersion)
            throw new NativeLibraryException($"{file} has ABI {version}, this build of KdRobust.Torch needs {Native.AbiVersion}. Run src/Torch/native/build.sh again.");
        CheckLibtorch(Read("kt_built_version"), Read("kt_loaded_version"), file);

        string Read(string export) => Native.Text(((delegate* unmanaged<IntPtr>)NativeLibrary.GetExport(library, export))());
    }

    /// <summary>Compares major and minor version: libtorch's C++ ABI holds only within one minor release.</summary>
    internal static void CheckLibtorch(string built, string loaded, string file)
    {
        if (loaded.Length == 0 || Minor(built) == Minor(loaded)) return;
        throw new NativeLibraryException(
            $"{file} was built for libtorch {built}, but libtorch {loaded} was loaded. Run src/Torch/native/build.sh again, "
            + "and check that LD_LIBRARY_PATH does not point at another libtorch.");

        static string Minor(string version) => string.Join('.', version.Split('.').Take(2));
    }
}
