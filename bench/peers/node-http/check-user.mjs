// Checks bodies by hand, with the service's error items.

const ROLES = ['guest', 'author', 'editor', 'admin'];
const USERNAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Returns the user to create, with defaults, or the error items. */
export function checkUser(body) {
  const errors = [];
  const { username, email = null, nickname = '', bio = '', avatar_url = null } = body;
  const { age = null, tags = [], address = null, is_active = true, role = 'author' } = body;
  if (username === undefined) errors.push(missing('username', body));
  else checkText(errors, ['body', 'username'], username, 2, 50, USERNAME);
  if (email !== null && (typeof email !== 'string' || !EMAIL.test(email))) {
    const reason = 'An email address must have an @-sign.';
    const msg = `value is not a valid email address: ${reason}`;
    errors.push({
      type: 'value_error',
      loc: ['body', 'email'],
      msg,
      input: email,
      ctx: { reason },
    });
  }
  checkText(errors, ['body', 'nickname'], nickname, 0, 50);
  checkText(errors, ['body', 'bio'], bio, 0, 2000);
  if (avatar_url !== null)
    checkText(errors, ['body', 'avatar_url'], avatar_url, 0, 256, /^https?:/);
  if (age !== null) checkAge(errors, age);
  tags.forEach((tag, index) => {
    checkText(errors, ['body', 'tags', index], tag, 1, 50);
  });
  if (address !== null) {
    checkText(errors, ['body', 'address', 'street'], address.street, 1, 200);
    checkText(errors, ['body', 'address', 'city'], address.city, 1, 100);
  }
  if (typeof is_active !== 'boolean') {
    const msg = 'Input should be a valid boolean';
    errors.push({ type: 'bool_type', loc: ['body', 'is_active'], msg, input: is_active });
  }
  if (!ROLES.includes(role)) {
    const expected = "'guest', 'author', 'editor' or 'admin'";
    const msg = `Input should be ${expected}`;
    errors.push({
      type: 'literal_error',
      loc: ['body', 'role'],
      msg,
      input: role,
      ctx: { expected },
    });
  }
  if (errors.length > 0) return { errors };
  const whole = address === null ? null : { zipcode: null, ...address };
  return {
    user: {
      username,
      email,
      nickname,
      bio,
      avatar_url,
      age,
      tags,
      address: whole,
      is_active,
      role,
    },
  };
}

/** Returns the error items of a login; empty if it is valid. */
export function checkLogin(body) {
  const { username, password, remember = false } = body;
  const errors = [];
  if (username === undefined) errors.push(missing('username', body));
  else checkText(errors, ['body', 'username'], username, 1, 120);
  if (password === undefined) errors.push(missing('password', body));
  else checkText(errors, ['body', 'password'], password, 1, 128);
  if (typeof remember !== 'boolean') {
    const loc = ['body', 'remember'];
    const msg = 'Input should be a valid boolean, unable to interpret input';
    errors.push({ type: 'bool_parsing', loc, msg, input: remember });
  }
  return errors;
}

function missing(field, input) {
  return { type: 'missing', loc: ['body', field], msg: 'Field required', input };
}

function checkText(errors, loc, value, least, most, pattern) {
  if (typeof value !== 'string') {
    errors.push({ type: 'string_type', loc, msg: 'Input should be a valid string', input: value });
  } else if (value.length < least) {
    const msg = `String should have at least ${least} character${least === 1 ? '' : 's'}`;
    errors.push({ type: 'string_too_short', loc, msg, input: value, ctx: { min_length: least } });
  } else if (value.length > most) {
    const msg = `String should have at most ${most} characters`;
    errors.push({ type: 'string_too_long', loc, msg, input: value, ctx: { max_length: most } });
  } else if (pattern !== undefined && !pattern.test(value)) {
    const msg = `String should match pattern '${pattern.source}'`;
    const ctx = { pattern: pattern.source };
    errors.push({ type: 'string_pattern_mismatch', loc, msg, input: value, ctx });
  }
}

function checkAge(errors, age) {
  const loc = ['body', 'age'];
  if (!Number.isInteger(age)) {
    errors.push({ type: 'int_type', loc, msg: 'Input should be a valid integer', input: age });
  } else if (age < 0) {
    const msg = 'Input should be greater than or equal to 0';
    errors.push({ type: 'greater_than_equal', loc, msg, input: age, ctx: { ge: 0 } });
  } else if (age > 150) {
    const msg = 'Input should be less than or equal to 150';
    errors.push({ type: 'less_than_equal', loc, msg, input: age, ctx: { le: 150 } });
  }
}
