using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using KdRobust.Support;
using KdRobust.Torch.Interop;

namespace KdRobust.Torch.Tests.Native;

/// <summary>The two halves of the binding declare the same functions: headers and LibraryImport, name by name, argument by argument.</summary>
public sealed class AbiTests
{
    static readonly string Headers = Repository.At("src", "Torch", "native");

    static readonly IReadOnlyList<NativeFunction> Declared = NativeHeader.Read(Headers);

    /// <summary>What the loader calls by its address, before the library is accepted and imports may be used.</summary>
    static readonly string[] CalledByTheLoader =
        [.. Regex.Matches(File.ReadAllText(Repository.At("src", "Torch", "Interop", "NativeLibraryLoader.cs")), @"GetExport\(library, ""(kt_\w+)""").Select(call => call.Groups[1].Value)];

    static readonly IReadOnlyList<NativeFunction> Imported =
    [
        .. typeof(Interop.Native).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(method => method.Name.StartsWith("kt_", StringComparison.Ordinal))
            .Select(method => new NativeFunction(method.Name, Kind(method.ReturnType), [.. method.GetParameters().Select(parameter => Kind(parameter.ParameterType))])),
    ];

    [DeviceFact]
    public void The_headers_are_read_whole()
    {
        // Each use of KT_API outside a macro's definition is one function; the lists of operations add theirs.
        Declared.Count.ShouldBeGreaterThan(300);
        Declared.Select(function => function.Name).ShouldBeUnique();
        Declared.Select(function => function.ToString()).ShouldContain("Pointer kt_tensor_relu(Pointer)");
        Declared.Select(function => function.ToString()).ShouldContain("Int32 kt_tensor_mul_scalar_(Pointer, Scalar)");
    }

    [DeviceFact]
    public void Every_function_of_the_headers_is_imported_as_it_is_declared() =>
        Declared.Where(function => !CalledByTheLoader.Contains(function.Name)).Select(function => function.ToString()).Except(Imported.Select(function => function.ToString()), StringComparer.Ordinal).ShouldBeEmpty();

    [DeviceFact]
    public void Every_import_is_declared_in_a_header() =>
        Imported.Select(function => function.ToString()).Except(Declared.Select(function => function.ToString()), StringComparer.Ordinal).ShouldBeEmpty();

    [DeviceFact]
    public void Every_import_is_exported_by_the_library_that_is_loaded()
    {
        var library = NativeLibrary.Load(TorchRuntime.NativeLibraryFile);
        Imported.Where(function => !NativeLibrary.TryGetExport(library, function.Name, out _)).ShouldBeEmpty();
    }

    [DeviceFact]
    public void Both_halves_carry_the_same_number()
    {
        var number = Regex.Match(File.ReadAllText(Path.Combine(Headers, "kdr_torch.h")), @"#define KT_ABI_VERSION (\d+)").Groups[1].Value;
        number.ShouldBe(Interop.Native.AbiVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Interop.Native.kt_abi_version().ShouldBe(Interop.Native.AbiVersion);
    }

    static Passed Kind(Type type) => type switch
    {
        _ when type == typeof(void) => Passed.Nothing,
        _ when type == typeof(int) || type == typeof(Flag) => Passed.Int32,
        _ when type.IsEnum => Enum.GetUnderlyingType(type) == typeof(int) ? Passed.Int32 : Passed.Int64,
        _ when type == typeof(long) || type == typeof(ulong) => Passed.Int64,
        _ when type == typeof(double) => Passed.Double,
        _ when type == typeof(NativeScalar) => Passed.Scalar,
        _ when type.IsByRef || type.IsPointer || type.IsFunctionPointer || type.IsUnmanagedFunctionPointer || type == typeof(nint) => Passed.Pointer,
        _ when type.IsArray || type == typeof(string) || typeof(SafeHandle).IsAssignableFrom(type) => Passed.Pointer,
        _ => throw new InvalidDataException($"{type} does not say how it crosses the ABI"),
    };
}
