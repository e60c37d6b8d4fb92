/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetReference: names of models, as people type or paste them, taken apart. */
#include "library/linnet-reference.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-address.h"

#define MAX_TEXT_BYTES   4096
#define MAX_PART_BYTES   96
#define MAX_TAG_BYTES    128
#define MAX_HOST_BYTES   253
#define DEFAULT_OWNER    "library"
#define DEFAULT_TAG      "latest"
#define SHOWN_CHARACTERS 60

/* The sites that have a page for each model, and what they are called in a name. */
static const struct {
  const char *host;
  LinnetSourceKind kind;
  const char *shown; /* NULL: a mirror, which keeps its own name */
} SITES[] = {
  { "registry.ollama.ai", LINNET_SOURCE_OLLAMA, "" },
  { "ollama.com", LINNET_SOURCE_OLLAMA, "" },
  { "hf.co", LINNET_SOURCE_HUGGING_FACE, "hf.co" },
  { "huggingface.co", LINNET_SOURCE_HUGGING_FACE, "hf.co" },
  { "hf-mirror.com", LINNET_SOURCE_HUGGING_FACE, NULL },
  { "modelscope.cn", LINNET_SOURCE_MODELSCOPE, "modelscope.cn" },
  { "modelscope.ai", LINNET_SOURCE_MODELSCOPE, NULL },
};

G_DEFINE_QUARK (linnet - library - error - quark, linnet_library_error)

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REFERENCE, format,
                                 arguments);
  va_end (arguments);
  return FALSE;
}

/* What of a text goes into a message. Transfer full. */
static char *
shorten (const char *text)
{
  if (g_utf8_strlen (text, -1) <= SHOWN_CHARACTERS)
    return g_strdup (text);
  {
    g_autofree char *head = g_utf8_substring (text, 0, SHOWN_CHARACTERS);

    return g_strconcat (head, "…", NULL);
  }
}

/* text without the spaces around it, and sound; NULL: error says what is wrong. Transfer full. */
static char *
check_text (const char *text, GError **error)
{
  g_autofree char *stripped = NULL;

  if (strlen (text) > MAX_TEXT_BYTES) {
    fail (error, _ ("This is too long for the name of a model. A name looks like “qwen2.5:3b”."));
    return NULL;
  }
  if (!g_utf8_validate (text, -1, NULL)) {
    fail (error, _ ("The name of the model is not valid UTF-8. Type it again."));
    return NULL;
  }
  stripped = g_strstrip (g_strdup (text));
  if (stripped[0] == '\0') {
    fail (error, _ ("The name of the model is empty. A name looks like “qwen2.5:3b”."));
    return NULL;
  }
  for (const char *p = stripped; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT) {
      fail (error, _ ("The name of the model holds an invisible character. Type it again."));
      return NULL;
    }
  }
  return g_steal_pointer (&stripped);
}

static gboolean
is_part_character (char c)
{
  return g_ascii_isalnum (c) || c == '.' || c == '_' || c == '-';
}

/* A part of a name: letters, digits and “.”, “_”, “-” between them. whole: for the message. */
static gboolean
check_part (const char *part, gsize max_bytes, const char *whole, GError **error)
{
  g_autofree char *shown = shorten (whole);
  gsize length = strlen (part);

  if (length == 0)
    return fail (error, _ ("A part of the name “%s” is missing. A name looks like “qwen2.5:3b”."),
                 shown);
  if (length > max_bytes)
    return fail (error, _ ("A part of the name “%s” is too long."), shown);
  for (gsize i = 0; i < length; i++)
    if (!is_part_character (part[i]))
      return fail (
          error,
          _ ("“%s” is no name of a model: only letters, digits, “.”, “_” and “-” can be in "
             "a part of it."),
          shown);
  if ((!g_ascii_isalnum (part[0]) && part[0] != '_') || strstr (part, "..") != NULL)
    return fail (
        error,
        _ ("“%s” is no name of a model: each part begins with a letter or a digit, and “..” "
           "cannot be in it."),
        shown);
  return TRUE;
}

/* "host" or "host:port". */
static gboolean
check_host (const char *host, const char *whole, GError **error)
{
  g_autofree char *name = g_strdup (host);
  char *colon = strchr (name, ':');
  guint64 port;

  if (colon != NULL) {
    *colon = '\0';
    if (!g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL)) {
      g_autofree char *shown = shorten (whole);

      return fail (error, _ ("The port in “%s” is no number between 1 and 65535."), shown);
    }
  }
  return check_part (name, MAX_HOST_BYTES, whole, error);
}

/* Whether the first part of a name is a host rather than a person. */
static gboolean
looks_like_host (const char *part)
{
  return strchr (part, '.') != NULL || strchr (part, ':') != NULL ||
         g_ascii_strcasecmp (part, "localhost") == 0;
}

static LinnetReference *
reference_new (LinnetSourceKind kind)
{
  LinnetReference *self = g_new0 (LinnetReference, 1);

  self->kind = kind;
  return self;
}

/* The short form of a name in a registry; host: as in SITES, NULL for another. */
static char *
make_text (const LinnetReference *self, const char *shown)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (shown == NULL)
    shown = self->host;
  if (shown[0] != '\0')
    g_string_append_printf (text, "%s/", shown);
  if (shown[0] != '\0' || g_strcmp0 (self->owner, DEFAULT_OWNER) != 0)
    g_string_append_printf (text, "%s/", self->owner);
  g_string_append (text, self->name);
  if (self->tag[0] != '\0')
    g_string_append_printf (text, ":%s", self->tag);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Finds kind and host of the first part; returns what is shown of it (see SITES). */
static const char *
set_site (LinnetReference *self, const char *host)
{
  const char *plain = g_str_has_prefix (host, "www.") ? host + strlen ("www.") : host;

  for (guint i = 0; i < G_N_ELEMENTS (SITES); i++) {
    if (g_ascii_strcasecmp (plain, SITES[i].host) != 0)
      continue;
    self->kind = SITES[i].kind;
    if (SITES[i].shown == NULL)
      self->host = g_strdup (SITES[i].host);
    return SITES[i].shown;
  }
  self->kind = LINNET_SOURCE_OLLAMA;
  self->host = g_ascii_strdown (host, -1);
  return NULL;
}

/* Cuts ":tag" off the last of parts. Transfer full; NULL: there is none. */
static char *
cut_tag (char *last)
{
  char *colon = strchr (last, ':');

  if (colon == NULL)
    return NULL;
  *colon = '\0';
  return g_strdup (colon + 1);
}

static gboolean
check_registry_parts (const LinnetReference *self, const char *whole, GError **error)
{
  if (self->host != NULL && !check_host (self->host, whole, error))
    return FALSE;
  return check_part (self->owner, MAX_PART_BYTES, whole, error) &&
         check_part (self->name, MAX_PART_BYTES, whole, error) &&
         (self->tag[0] == '\0' || check_part (self->tag, MAX_TAG_BYTES, whole, error));
}

/* "[host/][owner/]name[:tag]" */
static LinnetReference *
parse_registry (const char *text, GError **error)
{
  g_autoptr (LinnetReference) self = reference_new (LINNET_SOURCE_OLLAMA);
  g_auto (GStrv) parts = g_strsplit (text, "/", -1);
  g_autofree char *tag = NULL;
  g_autofree char *whole = shorten (text);
  const char *shown = "";
  guint n = g_strv_length (parts);
  guint first = 0;

  if (n > 1 && looks_like_host (parts[0])) {
    shown = set_site (self, parts[0]);
    first = 1;
    /* As in the address of the page. */
    if (self->kind == LINNET_SOURCE_MODELSCOPE && n > 2 && g_str_equal (parts[1], "models"))
      first = 2;
  }
  if (n - first == 0 || n - first > 2 || (n - first == 1 && self->kind != LINNET_SOURCE_OLLAMA)) {
    fail (
        error,
        _ ("“%s” is no name of a model. Names look like “qwen2.5:3b”, “hf.co/OWNER/NAME:Q4_K_M” or "
           "“modelscope.cn/OWNER/NAME:Q4_K_M”."),
        whole);
    return NULL;
  }
  tag = cut_tag (parts[n - 1]);
  if (tag != NULL && tag[0] == '\0') {
    fail (error, _ ("Behind the “:” in “%s” something is missing, such as “3b”."), whole);
    return NULL;
  }
  self->owner = g_strdup (n - first == 2 ? parts[first] : DEFAULT_OWNER);
  self->name = g_strdup (parts[n - 1]);
  if (tag == NULL)
    tag = g_strdup (self->kind == LINNET_SOURCE_OLLAMA ? DEFAULT_TAG : "");
  self->tag = g_steal_pointer (&tag);
  if (!check_registry_parts (self, text, error))
    return NULL;
  if (self->host == NULL && g_str_equal (self->owner, DEFAULT_OWNER) &&
      self->kind == LINNET_SOURCE_OLLAMA) {
    g_autofree char *lower = g_ascii_strdown (self->name, -1);

    g_set_str (&self->name, lower);
  }
  self->text = make_text (self, shown);
  return g_steal_pointer (&self);
}

static LinnetReference *
parse_file (const char *text, GError **error)
{
  g_autoptr (LinnetReference) self = reference_new (LINNET_SOURCE_FILE);

  if (g_ascii_strncasecmp (text, "file:", 5) == 0) {
    self->location = g_filename_from_uri (text, NULL, NULL);
    if (self->location == NULL) {
      g_autofree char *shown = shorten (text);

      fail (error, _ ("“%s” leads to no file on this computer."), shown);
      return NULL;
    }
  } else if (g_str_has_prefix (text, "~/")) {
    self->location = g_build_filename (g_get_home_dir (), text + 2, NULL);
  } else {
    self->location = g_canonicalize_filename (text, NULL);
  }
  self->name = g_path_get_basename (self->location);
  self->text = g_strdup (self->location);
  return g_steal_pointer (&self);
}

/* The page of a file at Hugging Face becomes the link to the file itself. Transfer full. */
static char *
correct_path (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", 5);

  /* "", owner, name, "blob", … */
  if (g_strv_length (parts) == 5 && g_str_equal (parts[3], "blob"))
    g_set_str (&parts[3], "resolve");
  return g_strjoinv ("/", parts);
}

/* A link to a file; NULL without an error: it is the page of a model, and rest (transfer full) its
 * name. */
static LinnetReference *
parse_link (const char *text, char **rest, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_ENCODED, NULL);
  g_autoptr (LinnetReference) self = reference_new (LINNET_SOURCE_LINK);
  g_autofree char *shown = shorten (text);
  g_autofree char *path = NULL;
  g_autofree char *base = NULL;
  g_autoptr (GUri) clean = NULL;

  if (uri == NULL || g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0') {
    fail (error, _ ("“%s” is no complete link."), shown);
    return NULL;
  }
  if (g_uri_get_userinfo (uri) != NULL) {
    fail (error, _ ("A name and a password in a link would be kept for everyone to see. Leave them "
                    "out."));
    return NULL;
  }
  if (!linnet_address_check (text, NULL)) {
    fail (error, _ ("“%s” is not safe: only links that begin with “https://” are followed."),
          shown);
    return NULL;
  }
  if (!g_str_has_suffix (g_uri_get_path (uri), ".gguf")) {
    *rest = g_strconcat (g_uri_get_host (uri), g_uri_get_path (uri), NULL);
    return NULL;
  }
  path = correct_path (g_uri_get_path (uri));
  clean = g_uri_build (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), NULL, g_uri_get_host (uri),
                       g_uri_get_port (uri), path, g_uri_get_query (uri), NULL);
  self->location = g_uri_to_string (clean);
  self->text = g_strdup (self->location);
  base = g_path_get_basename (path);
  self->name = g_uri_unescape_string (base, "/\\");
  if (self->name == NULL || !g_utf8_validate (self->name, -1, NULL))
    g_set_str (&self->name, base);
  return g_steal_pointer (&self);
}

/* A link that is no file may be the page of a model. */
static LinnetReference *
parse_page (const char *text, const char *rest, GError **error)
{
  g_autofree char *name = g_strdup (rest);
  LinnetReference *self;

  if (g_str_has_suffix (name, "/"))
    name[strlen (name) - 1] = '\0';
  self = parse_registry (name, NULL);
  /* Only the sites that we know have such pages. */
  if (self != NULL && self->kind == LINNET_SOURCE_OLLAMA &&
      (self->host != NULL || strchr (name, '/') == NULL))
    g_clear_pointer (&self, linnet_reference_free);
  if (self == NULL) {
    g_autofree char *shown = shorten (text);

    fail (error, _ ("“%s” leads to no GGUF file: such a link ends in “.gguf”."), shown);
  }
  return self;
}

static gboolean
is_file (const char *text)
{
  return g_ascii_strncasecmp (text, "file:", 5) == 0 || g_path_is_absolute (text) ||
         g_str_has_prefix (text, "./") || g_str_has_prefix (text, "../") ||
         g_str_has_prefix (text, "~/") || g_str_has_suffix (text, ".gguf");
}

LinnetReference *
linnet_reference_parse (const char *text, GError **error)
{
  g_autofree char *stripped = NULL;
  g_autofree char *rest = NULL;
  LinnetReference *self;

  g_return_val_if_fail (text != NULL, NULL);

  stripped = check_text (text, error);
  if (stripped == NULL)
    return NULL;
  if (g_ascii_strncasecmp (stripped, "https:", 6) == 0 ||
      g_ascii_strncasecmp (stripped, "http:", 5) == 0) {
    g_autoptr (GError) failure = NULL;

    self = parse_link (stripped, &rest, &failure);
    if (failure != NULL)
      g_propagate_error (error, g_steal_pointer (&failure));
    return self != NULL || rest == NULL ? self : parse_page (stripped, rest, error);
  }
  /* "hf.co/OWNER/NAME:file.gguf" names a file in a repository. */
  if (is_file (stripped) &&
      !(strchr (stripped, ':') != NULL && looks_like_host (stripped) &&
        strchr (stripped, '/') != NULL && strrchr (stripped, ':') > strrchr (stripped, '/')))
    return parse_file (stripped, error);
  return parse_registry (stripped, error);
}

LinnetReference *
linnet_reference_copy (const LinnetReference *self)
{
  LinnetReference *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = reference_new (self->kind);
  copy->text = g_strdup (self->text);
  copy->host = g_strdup (self->host);
  copy->owner = g_strdup (self->owner);
  copy->name = g_strdup (self->name);
  copy->tag = g_strdup (self->tag);
  copy->location = g_strdup (self->location);
  return copy;
}

void
linnet_reference_free (LinnetReference *self)
{
  if (self == NULL)
    return;
  g_free (self->text);
  g_free (self->host);
  g_free (self->owner);
  g_free (self->name);
  g_free (self->tag);
  g_free (self->location);
  g_free (self);
}
