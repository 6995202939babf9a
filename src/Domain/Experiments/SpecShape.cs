using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>
/// What JSON a type of the spec stands for, read once from its properties and attributes. The reader checks against it and
/// the schema is written from it, so the two cannot disagree.
/// </summary>
internal sealed record SpecShape(SpecShapeKind Kind, Type Type)
{
    static readonly ConcurrentDictionary<Type, SpecShape> Known = new();

    /// <summary>Fields of an object, in order of declaration.</summary>
    public IReadOnlyList<SpecField> Fields { get; private init; } = [];

    /// <summary>Element of a list or of a map.</summary>
    public Type? Element { get; private init; }

    /// <summary>Discriminator to type, of a union.</summary>
    public IReadOnlyDictionary<string, Type> Cases { get; private init; } = new Dictionary<string, Type>();

    /// <summary>Names of an enumeration.</summary>
    public IReadOnlyList<string> Names { get; private init; } = [];

    public static SpecShape Of(Type type) => Known.GetOrAdd(type, Read);

    static SpecShape Read(Type type)
    {
        if (type == typeof(string)) return new(SpecShapeKind.Text, type);
        if (type == typeof(bool)) return new(SpecShapeKind.Flag, type);
        if (type == typeof(int) || type == typeof(long)) return new(SpecShapeKind.Integer, type);
        if (type == typeof(double)) return new(SpecShapeKind.Number, type);
        if (type == typeof(Fraction)) return new(SpecShapeKind.Fraction, type);
        if (type.IsEnum)
            return new(SpecShapeKind.Enumeration, type) { Names = [.. Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName)] };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return new(SpecShapeKind.List, type) { Element = type.GetGenericArguments()[0] };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            return new(SpecShapeKind.Map, type) { Element = type.GetGenericArguments()[1] };
        if (type.IsAbstract)
        {
            var cases = type.GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false)
                .ToDictionary(a => (string)a.TypeDiscriminator!, a => a.DerivedType);
            return new(SpecShapeKind.Union, type) { Cases = cases };
        }
        return new(SpecShapeKind.Object, type) { Fields = [.. FieldsOf(type)] };
    }

    static IEnumerable<SpecField> FieldsOf(Type type)
    {
        var nullability = new NullabilityInfoContext();
        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is not null && p.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always })
            // A base record's fields first, as they are read first.
            .OrderBy(p => p.DeclaringType == type ? 1 : 0).ThenBy(p => p.MetadataToken)
            .Select(p =>
            {
                var underlying = Nullable.GetUnderlyingType(p.PropertyType);
                return new SpecField(
                    p.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(p.Name),
                    underlying ?? p.PropertyType,
                    Required: p.GetCustomAttribute<RequiredMemberAttribute>() is not null,
                    Nullable: underlying is not null || nullability.Create(p).ReadState == NullabilityState.Nullable,
                    p.GetCustomAttribute<DescriptionAttribute>()?.Description,
                    p.GetCustomAttribute<RangeAttribute>(),
                    p.GetCustomAttribute<PatternAttribute>());
            });
    }
}

/// <summary>The kinds of JSON a spec is made of.</summary>
internal enum SpecShapeKind { Text, Flag, Integer, Number, Fraction, Enumeration, List, Map, Union, Object }

/// <summary>One field of an object of the spec.</summary>
internal sealed record SpecField(string Name, Type Type, bool Required, bool Nullable, string? Description, RangeAttribute? Range, PatternAttribute? Pattern);
