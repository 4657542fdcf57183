import java.io.*;
import java.lang.reflect.*;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.sql.Array;
import java.sql.Date;
import java.util.*;
import java.util.concurrent.*;

/**
 * Makes the JDBC calls that come on standard input, one line each, and answers each with one line of
 * JSON. It knows JDBC only: no driver, no server, and nothing of what is expected.
 *
 * <p>A line is fields between tabs, with the escapes of Java strings; the field {@code \0} is null.
 * README.md lists the calls.
 */
public final class JdbcCalls {
    private static final String NULL = "\0";
    private static final int LIMIT_S = 60;

    private final Map<String, Connection> connections = new HashMap<>();
    private final Map<String, PreparedStatement> prepared = new HashMap<>();
    private Statement working;
    private CompletableFuture<Map<String, Object>> work;

    public static void main(String[] arguments) throws Exception {
        var calls = new JdbcCalls();
        var answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err); // what a driver prints is no answer
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            var fields = new ArrayList<String>();
            for (String field : line.split("\t", -1)) {
                String text = field.translateEscapes();
                fields.add(text.equals(NULL) ? null : text);
            }
            answers.println(json(calls.answer(fields)));
        }
        System.exit(0); // threads of the driver may be left
    }

    private Map<String, Object> answer(List<String> fields) {
        try {
            return call(fields.get(0), fields.subList(1, fields.size()));
        } catch (Throwable error) { // the answer to any call is a line, also where a driver fails
            return Map.of("error", described(error));
        }
    }

    private Map<String, Object> call(String name, List<String> fields) throws Throwable {
        String first = fields.get(0);
        List<String> rest = fields.subList(1, fields.size());
        return switch (name) {
            case "connect" -> connect(first, rest);
            case "close" -> close(connections.remove(first));
            case "query" -> on(first, statement -> table(statement.executeQuery(rest.get(0))));
            case "count" -> on(first, statement -> counted(statement.executeQuery(rest.get(0))));
            case "execute" -> on(first, statement -> execute(statement, rest.get(0)));
            case "batch" -> on(first, statement -> batch(statement, rest));
            case "part" -> on(
                first, statement -> part(statement.executeQuery(rest.get(0)), Integer.parseInt(rest.get(1))));
            case "prepare" -> prepare(first, rest.get(0), rest.get(1));
            case "run" -> run(prepared.get(first), rest);
            case "update" -> update(prepared.get(first), rest);
            case "run-batch" -> runBatch(prepared.get(first), rest);
            case "drop" -> close(prepared.remove(first));
            case "connection" -> shown(invoke(connections.get(first), rest));
            case "metadata" -> shown(invoke(connections.get(first).getMetaData(), rest));
            case "walk" -> walk(connections.get(first).getMetaData());
            case "start" -> start(first, rest.get(0));
            case "cancel" -> {
                working.cancel();
                yield Map.of();
            }
            case "finish" -> work.get(LIMIT_S, TimeUnit.SECONDS);
            case "zone" -> zone(first);
            case "parallel" -> parallel(first, Integer.parseInt(rest.get(0)), rest.get(1));
            default -> throw new IllegalArgumentException("There is no call " + name + ".");
        };
    }

    private Map<String, Object> connect(String name, List<String> urlAndProperties) throws SQLException {
        var properties = new Properties();
        for (int i = 1; i < urlAndProperties.size(); i += 2) {
            properties.setProperty(urlAndProperties.get(i), urlAndProperties.get(i + 1));
        }
        connections.put(name, DriverManager.getConnection(urlAndProperties.get(0), properties));
        return Map.of();
    }

    private Map<String, Object> close(AutoCloseable opened) throws Exception {
        opened.close();
        return Map.of();
    }

    private interface Work {
        Map<String, Object> with(Statement statement) throws SQLException;
    }

    private Map<String, Object> on(String connection, Work work) throws SQLException {
        try (Statement statement = connections.get(connection).createStatement()) {
            return work.with(statement);
        }
    }

    private static Map<String, Object> execute(Statement statement, String sql) throws SQLException {
        boolean hasRows = statement.execute(sql);
        return Map.of("has_rows", hasRows, "count", statement.getLargeUpdateCount());
    }

    private static Map<String, Object> batch(Statement statement, List<String> texts) throws SQLException {
        for (String text : texts) {
            statement.addBatch(text);
        }
        return Map.of("counts", Arrays.stream(statement.executeBatch()).boxed().toList());
    }

    /** So many rows; then the result set is closed. */
    private static Map<String, Object> part(ResultSet opened, int wanted) throws SQLException {
        try (ResultSet rows = opened) {
            int read = 0;
            while (read < wanted && rows.next()) {
                read++;
            }
            return Map.of("rows", read);
        }
    }

    /** The number of rows, and the sum of the first column. */
    private static Map<String, Object> counted(ResultSet opened) throws SQLException {
        try (ResultSet rows = opened) {
            long count = 0;
            long sum = 0;
            for (; rows.next(); count++) {
                sum += rows.getLong(1);
            }
            return Map.of("rows", count, "sum", sum);
        }
    }

    private Map<String, Object> prepare(String name, String connection, String sql) throws SQLException {
        PreparedStatement statement = connections.get(connection).prepareStatement(sql);
        prepared.put(name, statement);
        var parameters = new ArrayList<Object>();
        ParameterMetaData about = statement.getParameterMetaData();
        for (int i = 1; i <= about.getParameterCount(); i++) {
            parameters.add(typeName(about.getParameterType(i)));
        }
        return Map.of("parameters", parameters, "columns", columns(statement.getMetaData()));
    }

    private static Map<String, Object> run(PreparedStatement statement, List<String> values)
            throws SQLException {
        bind(statement, values);
        if (!statement.execute()) {
            return Map.of("count", statement.getLargeUpdateCount());
        }
        return table(statement.getResultSet());
    }

    private static Map<String, Object> update(PreparedStatement statement, List<String> values)
            throws SQLException {
        bind(statement, values);
        return Map.of("count", statement.executeLargeUpdate());
    }

    /** Rows of values, with the field {@code ;} behind each. */
    private static Map<String, Object> runBatch(PreparedStatement statement, List<String> rows)
            throws SQLException {
        int start = 0;
        for (int i = 0; i < rows.size(); i++) {
            if (";".equals(rows.get(i))) {
                bind(statement, rows.subList(start, i));
                statement.addBatch();
                start = i + 1;
            }
        }
        return Map.of("counts", Arrays.stream(statement.executeBatch()).boxed().toList());
    }

    /** Pairs of a setter's name, without "set", and a value. */
    private static void bind(PreparedStatement statement, List<String> pairs) throws SQLException {
        statement.clearParameters();
        for (int i = 0; i < pairs.size(); i += 2) {
            String text = pairs.get(i + 1);
            int marker = i / 2 + 1;
            switch (pairs.get(i)) {
                case "Null" -> statement.setNull(marker, JDBCType.valueOf(text).getVendorTypeNumber());
                case "Boolean" -> statement.setBoolean(marker, Boolean.parseBoolean(text));
                case "Byte" -> statement.setByte(marker, Byte.parseByte(text));
                case "Short" -> statement.setShort(marker, Short.parseShort(text));
                case "Int" -> statement.setInt(marker, Integer.parseInt(text));
                case "Long" -> statement.setLong(marker, Long.parseLong(text));
                case "Float" -> statement.setFloat(marker, Float.parseFloat(text));
                case "Double" -> statement.setDouble(marker, Double.parseDouble(text));
                case "BigDecimal" -> statement.setBigDecimal(marker, new BigDecimal(text));
                case "String" -> statement.setString(marker, text);
                case "Bytes" -> statement.setBytes(marker, HexFormat.of().parseHex(text));
                case "Date" -> statement.setDate(marker, Date.valueOf(text));
                case "Time" -> statement.setTime(marker, Time.valueOf(text));
                case "Timestamp" -> statement.setTimestamp(marker, Timestamp.valueOf(text));
                case "Object" -> statement.setObject(marker, text);
                default -> throw new IllegalArgumentException("There is no setter " + pairs.get(i) + ".");
            }
        }
    }

    /** Every method of the metadata without arguments. */
    private static Map<String, Object> walk(DatabaseMetaData metadata) {
        var answers = new LinkedHashMap<String, Object>();
        Method[] methods = DatabaseMetaData.class.getDeclaredMethods();
        Arrays.sort(methods, Comparator.comparing(Method::getName));
        for (Method method : methods) {
            if (method.getParameterCount() > 0) {
                continue;
            }
            try {
                answers.put(method.getName(), shown(invoke(metadata, List.of(method.getName()))));
            } catch (Throwable error) { // also where a driver fails, the walk goes on
                answers.put(method.getName(), Map.of("error", described(error)));
            }
        }
        return Map.of("answers", answers);
    }

    /** Calls a method by its name; texts become the types that it takes. */
    private static Object invoke(Object target, List<String> nameAndTexts) throws Throwable {
        List<String> texts = nameAndTexts.subList(1, nameAndTexts.size());
        Class<?> door = target instanceof Connection ? Connection.class : DatabaseMetaData.class;
        for (Method method : door.getMethods()) {
            if (method.getName().equals(nameAndTexts.get(0)) && method.getParameterCount() == texts.size()) {
                var arguments = new Object[texts.size()];
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = argument(texts.get(i), method.getParameterTypes()[i]);
                }
                try {
                    return method.invoke(target, arguments);
                } catch (InvocationTargetException thrown) {
                    throw thrown.getCause();
                }
            }
        }
        throw new IllegalArgumentException("There is no method " + nameAndTexts + ".");
    }

    private static Object argument(String text, Class<?> type) {
        if (text == null) {
            return null;
        } else if (type == int.class) {
            return Integer.valueOf(text);
        } else if (type == boolean.class) {
            return Boolean.valueOf(text);
        } else if (type == String[].class) {
            return text.split(",");
        } else {
            return text;
        }
    }

    private static Map<String, Object> shown(Object result) throws SQLException {
        if (result instanceof ResultSet rows) {
            return table(rows);
        }
        return Collections.singletonMap("value", result == null ? null : result.toString());
    }

    /** Begins to read a query in a thread of its own. */
    private Map<String, Object> start(String connection, String sql) throws SQLException {
        working = connections.get(connection).createStatement();
        Statement statement = working;
        work = CompletableFuture.supplyAsync(() -> {
            try {
                return counted(statement.executeQuery(sql));
            } catch (Throwable error) { // it is what "finish" answers
                return Map.of("error", described(error));
            }
        });
        return Map.of();
    }

    /** Where Java is, for connections that are opened from now on. */
    private static Map<String, Object> zone(String name) {
        TimeZone.setDefault(TimeZone.getTimeZone(name));
        return Map.of();
    }

    /** As many connections at the same time, each with a query of its own. */
    private static Map<String, Object> parallel(String url, int wanted, String sql) throws Exception {
        Callable<Object> one = () -> {
            try (Connection connection = DriverManager.getConnection(url);
                    Statement statement = connection.createStatement()) {
                return counted(statement.executeQuery(sql));
            } catch (Throwable error) { // one answer for each connection, whatever becomes of it
                return Map.of("error", described(error));
            }
        };
        ExecutorService pool = Executors.newFixedThreadPool(wanted);
        var answers = new ArrayList<Object>();
        for (var done : pool.invokeAll(Collections.nCopies(wanted, one), LIMIT_S, TimeUnit.SECONDS)) {
            answers.add(done.get());
        }
        pool.shutdown();
        return Map.of("answers", answers);
    }

    private static Map<String, Object> table(ResultSet opened) throws SQLException {
        var values = new ArrayList<Object>();
        var texts = new ArrayList<Object>();
        try (ResultSet rows = opened) {
            List<Object> columns = columns(rows.getMetaData());
            while (rows.next()) {
                var row = new ArrayList<Object>();
                var text = new ArrayList<Object>();
                for (int i = 1; i <= columns.size(); i++) {
                    row.add(value(rows.getObject(i)));
                    text.add(rows.getString(i));
                }
                values.add(row);
                texts.add(text);
            }
            return Map.of("columns", columns, "rows", values, "texts", texts);
        }
    }

    private static List<Object> columns(ResultSetMetaData about) throws SQLException {
        var columns = new ArrayList<Object>();
        for (int i = 1; about != null && i <= about.getColumnCount(); i++) {
            var column = new LinkedHashMap<String, Object>();
            column.put("label", about.getColumnLabel(i));
            column.put("name", about.getColumnName(i));
            column.put("type", typeName(about.getColumnType(i)));
            column.put("type_name", about.getColumnTypeName(i));
            column.put("precision", about.getPrecision(i));
            column.put("scale", about.getScale(i));
            column.put("nullable", about.isNullable(i) == ResultSetMetaData.columnNullable);
            column.put("signed", about.isSigned(i));
            columns.add(column);
        }
        return columns;
    }

    private static String typeName(int type) {
        return JDBCType.valueOf(type).getName();
    }

    /** A value in the form that README.md gives its kind. */
    private static Object value(Object found) throws SQLException {
        if (found == null) {
            return null;
        } else if (found instanceof byte[] bytes) {
            return HexFormat.of().formatHex(bytes);
        } else if (found instanceof BigDecimal decimal) {
            return decimal.toPlainString();
        } else if (found instanceof Double || found instanceof Float) {
            double number = ((Number) found).doubleValue();
            return HexFormat.of().toHexDigits(Double.doubleToRawLongBits(number));
        } else if (found instanceof Array array) {
            var items = new ArrayList<Object>();
            for (Object item : (Object[]) array.getArray()) {
                items.add(value(item));
            }
            return items;
        } else {
            return found.toString();
        }
    }

    private static Map<String, Object> described(Throwable error) {
        var about = new LinkedHashMap<String, Object>();
        about.put("class", error.getClass().getName());
        if (error instanceof SQLException sql) {
            about.put("state", sql.getSQLState());
            about.put("code", sql.getErrorCode());
        }
        var messages = new ArrayList<Object>();
        for (Throwable one = error; one != null && messages.size() < 9; one = one.getCause()) {
            messages.add(String.valueOf(one.getMessage()));
        }
        about.put("messages", messages);
        about.put("at", String.valueOf(error.getStackTrace().length > 0 ? error.getStackTrace()[0] : null));
        return about;
    }

    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            var parts = new ArrayList<String>();
            map.forEach((key, item) -> parts.add(json(key) + ":" + json(item)));
            return "{" + String.join(",", parts) + "}";
        } else if (value instanceof List<?> list) {
            return "[" + String.join(",", list.stream().map(JdbcCalls::json).toList()) + "]";
        } else if (value instanceof String text) {
            var quoted = new StringBuilder("\"");
            for (char unit : text.toCharArray()) {
                boolean plain = unit >= ' ' && unit < 127 && unit != '"' && unit != '\\';
                quoted.append(plain ? String.valueOf(unit) : String.format("\\u%04x", (int) unit));
            }
            return quoted.append('"').toString();
        } else {
            return String.valueOf(value);
        }
    }
}
