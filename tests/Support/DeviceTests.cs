using System.Reflection;
using Xunit;

namespace KdRobust.Support;

/// <summary>Tests of an assembly that would not notice which device they are to compute on.</summary>
public static class DeviceTests
{
    /// <summary>Names of test methods whose attribute is not one of <see cref="DeviceFactAttribute"/>'s family.</summary>
    public static IReadOnlyList<string> Unaware(Assembly assembly) =>
    [
        .. assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.GetCustomAttributes<FactAttribute>(inherit: false).Any(fact => fact is not (DeviceFactAttribute or DeviceTheoryAttribute or CudaFactAttribute)))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}"),
    ];
}
