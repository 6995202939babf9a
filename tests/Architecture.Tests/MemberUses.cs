using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;

namespace KdRobust.Architecture.Tests;

/// <summary>A built project loaded with what lies beside it, to be read by reflection; nothing of it runs.</summary>
internal sealed class ReadOnlyContext : AssemblyLoadContext
{
    private readonly string folder;

    private ReadOnlyContext(string folder) : base($"reading {folder}") => this.folder = folder;

    public static Assembly Load(string project)
    {
        var file = Checkout.Assembly(project);
        return new ReadOnlyContext(Path.GetDirectoryName(file)!).LoadFromAssemblyPath(file);
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var file = Path.Combine(folder, assemblyName.Name + ".dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }
}

/// <summary>Which members and types compiled code names: instructions, locals, fields, parameters, bases.</summary>
internal static class MemberUses
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> Codes =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (OpCode)field.GetValue(null)!)
            .ToDictionary(code => code.Value & 0xFFFF);

    /// <summary>Every member a type's code calls or reads, with repeats.</summary>
    public static IEnumerable<MemberInfo> Members(Type type) =>
        Methods(type).SelectMany(Members);

    /// <summary>Every type a type names anywhere: loading or running it may load their assemblies.</summary>
    public static IEnumerable<Type> Types(Type type)
    {
        IEnumerable<Type?> named =
        [
            type.BaseType,
            .. type.GetInterfaces(),
            .. type.GetFields(All).Select(field => field.FieldType),
            .. Methods(type).SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType)
                .Append((method as MethodInfo)?.ReturnType!)
                .Concat(method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? [])),
            .. Members(type).Select(member => member as Type ?? member.DeclaringType),
        ];
        return named.OfType<Type>().SelectMany(Parts);
    }

    private static IEnumerable<MethodBase> Methods(Type type) =>
        type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All));

    /// <summary>A constructed type's definition and its arguments, an array's element, and so on down.</summary>
    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.HasElementType)
            return Parts(type.GetElementType()!);
        return type.IsConstructedGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()) : [type];
    }

    private static IEnumerable<MemberInfo> Members(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        var ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        foreach (var token in Tokens(code))
            yield return method.Module.ResolveMember(token, ofType, ofMethod)!;
    }

    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var instruction = code[at] == 0xFE ? Codes[0xFE00 | code[at + 1]] : Codes[code[at]];
            at += instruction.Size;
            switch (instruction.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    yield return Int32(code, at);
                    at += 4;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + 4 * Int32(code, at);
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    at += 1;
                    break;
                case OperandType.InlineVar:
                    at += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    at += 8;
                    break;
                default:
                    at += 4;
                    break;
            }
        }
    }

    private static int Int32(byte[] code, int at) => BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
}
