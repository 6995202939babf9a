using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace KdRobust.Support;

/// <summary>
/// The public surface of an assembly as text, one member a line, e.g.
/// <c>torch.Tensor: Tensor add(Tensor target, Scalar alpha)</c>. Types are written without their namespace; the root
/// namespace's own are followed by nothing, so that nested TorchSharp names read as in C#.
/// </summary>
public static class SurfaceListing
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>Every member that another assembly can reach, of the types of one namespace and those below it, in order.</summary>
    public static IReadOnlyList<string> Of(Assembly assembly, string root) =>
        [.. assembly.GetTypes().Where(type => IsReachable(type) && Belongs(type, root)).SelectMany(type => Of(type, root)).Order(StringComparer.Ordinal)];

    /// <summary>The lines of one type; overrides of a base's members are no new surface.</summary>
    public static IEnumerable<string> Of(Type type, string root)
    {
        var owner = TypeName(type, root);
        if (type.IsEnum)
            return type.GetEnumNames().Select(name => $"{owner}: {name}={Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
        if (typeof(Delegate).IsAssignableFrom(type))
            return [$"{owner}: delegate {Method(type.GetMethod("Invoke")!)}"];
        return type.GetMembers(Declared).Select(Line).OfType<string>().Select(line => $"{owner}: {line}");
    }

    /// <summary>The line of a member, with its type in front; null when other assemblies cannot reach it.</summary>
    public static string? Of(MemberInfo member, string root) =>
        Line(Accessed(member)) is { } line ? $"{TypeName(Open(member.DeclaringType!), root)}: {line}" : null;

    /// <summary>A type's name below the root namespace, nested types joined by dots, generic ones with their arity.</summary>
    public static string TypeName(Type type, string root)
    {
        var name = type.IsNested ? $"{TypeName(type.DeclaringType!, root)}.{type.Name}" : $"{type.Namespace}.{type.Name}";
        return !type.IsNested && name.StartsWith(root + ".", StringComparison.Ordinal) ? name[(root.Length + 1)..] : name;
    }

    static bool Belongs(Type type, string root) =>
        type.Namespace == root || type.Namespace?.StartsWith(root + ".", StringComparison.Ordinal) == true;

    static bool IsReachable(Type type) =>
        type.IsNested ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsReachable(type.DeclaringType!) : type.IsPublic;

    static Type Open(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    /// <summary>The property an accessor belongs to, and the definition of a constructed member: those are what the surface lists.</summary>
    static MemberInfo Accessed(MemberInfo member)
    {
        var type = Open(member.DeclaringType!);
        var defined = type == member.DeclaringType ? member : type.GetMemberWithSameMetadataDefinitionAs(member);
        if (defined is MethodInfo { IsGenericMethod: true, IsGenericMethodDefinition: false } constructed)
            defined = constructed.GetGenericMethodDefinition();
        return defined is MethodInfo { IsSpecialName: true } accessor
            ? type.GetProperties(Declared).FirstOrDefault(property => property.GetMethod == accessor || property.SetMethod == accessor) ?? defined
            : defined;
    }

    static string? Line(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } constructor when IsReachable(constructor) => $".ctor({Parameters(constructor)}){Access(constructor)}",
        PropertyInfo property => Property(property),
        FieldInfo { IsPublic: true } field => $"{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        MethodInfo { IsSpecialName: true } method when !method.Name.StartsWith("op_", StringComparison.Ordinal) => null,
        MethodInfo method when IsReachable(method) && method.GetBaseDefinition() == method && !IsGenerated(method) => Method(method),
        _ => null,
    };

    static bool IsReachable(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name.Contains('<', StringComparison.Ordinal);

    static string Method(MethodInfo method)
    {
        var kind = method.IsStatic ? "static " : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : "";
        var generic = method.IsGenericMethod ? $"<{string.Join(',', method.GetGenericArguments().Select(Name))}>" : "";
        return $"{kind}{Name(method.ReturnType)} {method.Name}{generic}({Parameters(method)}){Access(method)}";
    }

    static string? Property(PropertyInfo property)
    {
        var accessors = new[] { property.GetMethod, property.SetMethod }.OfType<MethodInfo>().Where(IsReachable).ToArray();
        if (accessors.Length == 0 || Array.TrueForAll(accessors, accessor => accessor.GetBaseDefinition() != accessor))
            return null;
        var indices = property.GetIndexParameters();
        var name = indices.Length == 0 ? property.Name : $"this[{string.Join(", ", indices.Select(Parameter))}]";
        var verbs = string.Concat(accessors.Select(accessor => $"{(accessor.IsPublic ? "" : "protected ")}{(accessor == property.GetMethod ? "get" : "set")};"));
        return $"{(accessors[0].IsStatic ? "static " : "")}{Name(property.PropertyType)} {name} {{{verbs}}}";
    }

    static string Access(MethodBase method) => method.IsPublic ? "" : " [protected]";

    static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    static string Parameter(ParameterInfo parameter)
    {
        var prefix = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : "";
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        var value = parameter.HasDefaultValue ? $"={Default(parameter)}" : "";
        return $"{prefix}{Name(type)} {parameter.Name}{value}";
    }

    static string Default(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return parameter.RawDefaultValue switch
        {
            null => type.IsValueType && type == parameter.ParameterType ? "default" : "null",
            bool flag => flag ? "true" : "false",
            string text => $"\"{text}\"",
            double number => number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'),
            float number => number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'),
            Enum value => Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
            var other => Convert.ToString(other, CultureInfo.InvariantCulture)!,
        };
    }

    static string Name(Type type)
    {
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsPointer)
            return Name(type.GetElementType()!) + "*";
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Name(inner) + "?";
        if (type.IsGenericType)
        {
            var arguments = string.Join(',', type.GetGenericArguments().Select(Name));
            return typeof(ITuple).IsAssignableFrom(type) && type.IsValueType ? $"({arguments})" : $"{type.Name.Split('`')[0]}<{arguments}>";
        }
        return type == typeof(void) ? "void"
            : type == typeof(int) ? "int"
            : type == typeof(long) ? "long"
            : type == typeof(float) ? "float"
            : type == typeof(double) ? "double"
            : type == typeof(bool) ? "bool"
            : type == typeof(string) ? "string"
            : type == typeof(object) ? "object"
            : type.Name;
    }
}
